// SPDX-License-Identifier: Apache-2.0
#include "library.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace scale {

void die(const std::string &what) {
  std::fprintf(stderr, "scale: %s\n", what.c_str());
  std::exit(2);
}

namespace {

std::string name(std::uint32_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "asset/%08x/model", number * 2654435761u);
  return text;
}

void write_library(std::FILE *out, std::uint32_t entities) {
  std::fputs("{\"entities\": {", out);
  for (std::uint32_t i = 0; i < entities; i++)
    std::fprintf(out,
                 "%s\n\"%s\": {\"versions\": [{\"traits\": {\"%s\": {\"%s\": \"%s\"}, "
                 "\"openassetio-mediacreation:identity.DisplayName\": {\"name\": \"Asset %u\"}}}]}",
                 i ? "," : "", name(i).c_str(), kTrait, kKey, url(i).c_str(), i);
  std::fputs("\n}}\n", out);
}

} // namespace

std::string reference(std::uint32_t number) { return "bal:///" + name(number); }

std::string url(std::uint32_t number) {
  return "file:///mnt/projects/" + name(number) + "_v012.usd";
}

std::string library_file(const std::string &folder, std::uint32_t entities) {
  const std::string path = folder + "/bal-" + std::to_string(entities) + ".json";
  if (access(path.c_str(), F_OK) == 0) return path;
  // Another name until it is whole.
  const std::string unfinished = path + "." + std::to_string(getpid());
  std::FILE *out = std::fopen(unfinished.c_str(), "w");
  if (!out) die("cannot write " + unfinished);
  write_library(out, entities);
  const bool failed = std::ferror(out) != 0;
  if (std::fclose(out) != 0 || failed || std::rename(unfinished.c_str(), path.c_str()) != 0)
    die("cannot write " + path);
  return path;
}

References::References(std::string (*reference_of)(std::uint32_t), std::uint32_t entities,
                       std::uint32_t count) {
  std::mt19937 random(entities);
  strings.reserve(count);
  for (std::uint32_t i = 0; i < count; i++) strings.push_back(reference_of(random() % entities));
  std::shuffle(strings.begin(), strings.end(), random);
  refs.reserve(count);
  for (const std::string &text : strings) refs.push_back({text.data(), text.size()});
}

Manager open(const std::string &id, const std::string &folder,
             const std::vector<sheaf_setting> &settings) {
  const char *const paths[] = {folder.c_str()};
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.plugin_paths = paths;
  options.plugin_path_count = folder.empty() ? 0 : 1;
  sheaf_error error = {};
  Manager m = {};
  m.library = sheaf_library_new(&options, &error);
  if (m.library)
    m.manager = sheaf_manager_open(m.library, id.c_str(), settings.data(),
                                   static_cast<std::uint32_t>(settings.size()), &error);
  if (!m.manager) die(error.message);
  m.trait = sheaf_intern_one(m.library, kTrait);
  m.key = sheaf_intern_one(m.library, kKey);
  return m;
}

void close(const Manager &manager) {
  if (sheaf_library_free(manager.library)) die("the library is busy");
}

namespace {

struct Host {
  sheaf_id trait, key;
  std::uint64_t sum;
};

std::uint32_t on_success(void *ctx, std::uint32_t, const sheaf_result *record) noexcept {
  Host *host = static_cast<Host *>(ctx);
  const sheaf_str url = sheaf_value_str(sheaf_result_find(record, host->trait, host->key));
  if (url.size) host->sum += url.size + static_cast<unsigned char>(url.data[url.size / 2]);
  return SHEAF_CONTINUE;
}

} // namespace

std::uint64_t resolve(const Manager &m, const sheaf_str *refs, std::uint32_t count) {
  Host host = {m.trait, m.key, 0};
  sheaf_request request = sheaf_request_for(refs, count);
  request.flags = 0;
  request.traits = &m.trait;
  request.trait_count = 1;
  const sheaf_callbacks callbacks = {sizeof callbacks, 0, &host, on_success, nullptr};
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  sheaf_error error = {};
  if (sheaf_resolve(m.manager, &request, &callbacks, &summary, &error)) die(error.message);
  if (summary.succeeded != count) die("not all were found");
  return host.sum;
}

} // namespace scale
