// SPDX-License-Identifier: Apache-2.0
//
// The study that OpenAssetIO's decision DR009 rests on, its appendices re-created from their text: a
// manager behind a virtual interface, which answers a batch of entity references either with a vector
// of results or errors, or through callbacks. Nothing here is a lock, a check or a log; no other
// middleware stands between. What is answered is a template parameter: how much a record costs decides
// more than how it is handed over, so there are four of them.
#ifndef PERFTEST_STUDY_DR009_HPP
#define PERFTEST_STUDY_DR009_HPP

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "database.h"

namespace dr009 {

// ------------------------------------------------------------------------------------------ records

// Trait data as OpenAssetIO holds it: a map of traits, each a map of properties, keyed by text. The
// host may change it, so that a manager must make one for each result.
class TraitsData {
public:
  using Property = std::variant<bool, std::int64_t, double, std::string>;

  TraitsData(const std::string &trait, const std::string &key, std::string_view value) {
    traits_[trait].try_emplace(key, std::in_place_type<std::string>, value);
  }

  const Property *get(const std::string &trait, const std::string &key) const {
    const auto properties = traits_.find(trait);
    if (properties == traits_.end()) return nullptr;
    const auto property = properties->second.find(key);
    return property == properties->second.end() ? nullptr : &property->second;
  }

private:
  std::unordered_map<std::string, std::unordered_map<std::string, Property>> traits_;
};

// The least that can be called trait data: one map from text to text, of one trait's properties.
using FlatData = std::unordered_map<std::string, std::string>;

// No map at all: a structure that host and manager would have to agree on beforehand.
struct Record {
  std::string url;
};

// And the same made once for each entity, which nobody may change any more.
using SharedRecord = const Record;

// -------------------------------------------------------------------------------------- the interface

struct EntityReference {
  std::string text;
};

struct ErrorCodeAndMessage {
  int code;
  std::string message;
};

using TraitSet = std::unordered_set<std::string>;
struct Context {};
struct HostSession {};
using ContextPtr = std::shared_ptr<Context>;
using HostSessionPtr = std::shared_ptr<HostSession>;

template <class R> using ResultOrError = std::variant<std::shared_ptr<R>, ErrorCodeAndMessage>;
template <class R> using SuccessCallback = std::function<void(std::size_t, std::shared_ptr<R>)>;
using ErrorCallback = std::function<void(std::size_t, ErrorCodeAndMessage)>;
template <class R> using SuccessFunction = void (*)(void *, std::size_t, std::shared_ptr<R>);
using ErrorFunction = void (*)(void *, std::size_t, ErrorCodeAndMessage);

template <class R> class ManagerInterface {
public:
  using References = std::vector<EntityReference>;

  virtual ~ManagerInterface() = default;

  virtual std::vector<ResultOrError<R>> resolve(const References &, const TraitSet &,
                                                const ContextPtr &, const HostSessionPtr &) = 0;

  virtual void resolve(const References &, const TraitSet &, const ContextPtr &,
                       const HostSessionPtr &, const SuccessCallback<R> &,
                       const ErrorCallback &) = 0;

  virtual void resolve(const References &, const TraitSet &, const ContextPtr &,
                       const HostSessionPtr &, void *ctx, SuccessFunction<R>, ErrorFunction) = 0;
};

// What the shared object exports, as `dr009_table`: managers of `entities` entries; without `lookup`
// they answer with one entry after another.
struct Factories {
  ManagerInterface<TraitsData> *(*traits)(std::uint32_t entities, bool lookup);
  ManagerInterface<FlatData> *(*flat)(std::uint32_t entities, bool lookup);
  ManagerInterface<Record> *(*record)(std::uint32_t entities, bool lookup);
  ManagerInterface<SharedRecord> *(*shared)(std::uint32_t entities, bool lookup);
};

} // namespace dr009

extern "C" SHEAF_PLUGIN_EXPORT const dr009::Factories dr009_table;

#endif
