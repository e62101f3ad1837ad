// SPDX-License-Identifier: Apache-2.0
// DR009's five cases, for each sort of record.
#include <array>

#include "cases.hpp"

namespace study {
namespace {

using namespace dr009;

const std::string kTrait = STUDY_TRAIT, kKey = STUDY_KEY;

// ------------------------------------------------------------------------- what the host does with it

void take(Sums &sums, const std::string &url) { sums.take(url.data(), url.size()); }

void take(Sums &sums, const TraitsData &data) {
  const TraitsData::Property *property = data.get(kTrait, kKey);
  if (property) take(sums, std::get<std::string>(*property));
}

void take(Sums &sums, const FlatData &data) {
  const auto property = data.find(kKey);
  if (property != data.end()) take(sums, property->second);
}

void take(Sums &sums, const Record &record) { take(sums, record.url); }

void fail(Sums &sums, const ErrorCodeAndMessage &error) {
  sums.fail(static_cast<std::uint32_t>(error.code), error.message.size());
}

template <class R> void take_all(Sums &sums, const std::vector<ResultOrError<R>> &results) {
  for (const auto &result : results) {
    if (const auto *record = std::get_if<0>(&result)) take(sums, **record);
    else fail(sums, std::get<1>(result));
  }
}

// ------------------------------------------------------------------------------------------ the cases

template <class R> struct Host {
  ManagerInterface<R> *manager;
  TraitSet traits = {kTrait};
  ContextPtr context = std::make_shared<Context>();
  HostSessionPtr session = std::make_shared<HostSession>();

  template <class... Callbacks>
  auto resolve(const Batch &batch, const Callbacks &...callbacks) const {
    return manager->resolve(*batch.strings, traits, context, session, callbacks...);
  }
};

template <class R> Sums vector(const Host<R> &host, const Batch &batch) {
  Sums sums;
  take_all<R>(sums, host.resolve(batch));
  return sums;
}

template <class R> Sums callback(const Host<R> &host, const Batch &batch) {
  Sums sums;
  const SuccessCallback<R> success = [&sums](std::size_t, std::shared_ptr<R> record) {
    take(sums, *record);
  };
  const ErrorCallback error = [&sums](std::size_t, ErrorCodeAndMessage e) { fail(sums, e); };
  host.resolve(batch, success, error);
  return sums;
}

template <class R> Sums callback_to_vector(const Host<R> &host, const Batch &batch) {
  Sums sums;
  std::vector<ResultOrError<R>> results(batch.count);
  const SuccessCallback<R> success = [&results](std::size_t i, std::shared_ptr<R> record) {
    results[i].template emplace<0>(std::move(record));
  };
  const ErrorCallback error = [&results](std::size_t i, ErrorCodeAndMessage e) {
    results[i].template emplace<1>(std::move(e));
  };
  host.resolve(batch, success, error);
  take_all<R>(sums, results);
  return sums;
}

template <class R> Sums callback_function(const Host<R> &host, const Batch &batch) {
  Sums sums;
  const SuccessFunction<R> success = [](void *ctx, std::size_t, std::shared_ptr<R> record) {
    take(*static_cast<Sums *>(ctx), *record);
  };
  const ErrorFunction error = [](void *ctx, std::size_t, ErrorCodeAndMessage e) {
    fail(*static_cast<Sums *>(ctx), e);
  };
  host.resolve(batch, static_cast<void *>(&sums), success, error);
  return sums;
}

// What is captured is more than a std::function has room for, so that it must allocate.
template <class R> Sums callback_large(const Host<R> &host, const Batch &batch) {
  Sums sums;
  std::array<std::uint64_t, 8> ballast = {};
  ballast[0] = batch.count;
  const SuccessCallback<R> success = [&sums, ballast](std::size_t i, std::shared_ptr<R> record) {
    if (i < ballast[0]) take(sums, *record);
  };
  const ErrorCallback error = [&sums, ballast](std::size_t i, ErrorCodeAndMessage e) {
    if (i < ballast[0]) fail(sums, e);
  };
  host.resolve(batch, success, error);
  return sums;
}

// The managers live as long as the process.
template <class R>
void add_cases(ManagerInterface<R> *manager, const std::string &record, const Add &add) {
  const Host<R> host = {manager};
  const auto add_case = [&](const char *name, Sums (*ask)(const Host<R> &, const Batch &)) {
    add(name + record, [=](const Batch &batch) { return ask(host, batch); });
  };
  add_case("dr009_vector_", vector<R>);
  add_case("dr009_callback_", callback<R>);
  add_case("dr009_callbackToVector_", callback_to_vector<R>);
  add_case("dr009_callbackFnPtr_", callback_function<R>);
  add_case("dr009_callbackLargeCapture_", callback_large<R>);
}

} // namespace

void add_dr009_cases(bool lookup, const Add &add) {
  const auto *factories = static_cast<const Factories *>(load("dr009.so", "dr009_table"));
  add_cases(factories->traits(kEntities, lookup), "traits", add);
  add_cases(factories->flat(kEntities, lookup), "flat", add);
  add_cases(factories->record(kEntities, lookup), "record", add);
  add_cases(factories->shared(kEntities, lookup), "shared", add);
}

} // namespace study
