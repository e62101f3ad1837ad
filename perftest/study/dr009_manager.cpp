// SPDX-License-Identifier: Apache-2.0
#include "dr009.hpp"

#include <new>
#include <utility>

namespace dr009 {
namespace {

std::string_view text_of(const sheaf_property &property) {
  return {property.value.u.data, property.value.length};
}

class Database {
public:
  explicit Database(std::uint32_t entities) {
    if (!study_database_make(&db_, entities, 1, 1)) throw std::bad_alloc();
  }
  Database(const Database &) = delete;
  Database &operator=(const Database &) = delete;
  ~Database() { study_database_free(&db_); }
  const study_database *operator->() const { return &db_; }
  operator const study_database *() const { return &db_; }

private:
  study_database db_;
};

// Makes the record of an entry, as the manager that answers with it would.
template <class R> class Maker;

template <> class Maker<TraitsData> {
public:
  explicit Maker(const Database &db) : db_(db) {}
  std::shared_ptr<TraitsData> operator()(std::uint32_t entry) const {
    return std::make_shared<TraitsData>(trait_, key_, text_of(db_->locations[entry]));
  }

private:
  const Database &db_;
  const std::string trait_ = STUDY_TRAIT, key_ = STUDY_KEY;
};

template <> class Maker<FlatData> {
public:
  explicit Maker(const Database &db) : db_(db) {}
  std::shared_ptr<FlatData> operator()(std::uint32_t entry) const {
    auto data = std::make_shared<FlatData>();
    data->try_emplace(key_, text_of(db_->locations[entry]));
    return data;
  }

private:
  const Database &db_;
  const std::string key_ = STUDY_KEY;
};

template <> class Maker<Record> {
public:
  explicit Maker(const Database &db) : db_(db) {}
  std::shared_ptr<Record> operator()(std::uint32_t entry) const {
    return std::make_shared<Record>(Record{std::string(text_of(db_->locations[entry]))});
  }

private:
  const Database &db_;
};

template <> class Maker<SharedRecord> {
public:
  explicit Maker(const Database &db) {
    records_.reserve(db->count);
    const Maker<Record> make(db);
    for (std::uint32_t i = 0; i < db->count; i++) records_.push_back(make(i));
  }
  std::shared_ptr<SharedRecord> operator()(std::uint32_t entry) const { return records_[entry]; }

private:
  std::vector<std::shared_ptr<SharedRecord>> records_;
};

template <class R> class Manager final : public ManagerInterface<R> {
public:
  using References = typename ManagerInterface<R>::References;

  Manager(std::uint32_t entities, bool lookup)
      : database_(entities), make_(database_), lookup_(lookup) {}

  std::vector<ResultOrError<R>> resolve(const References &refs, const TraitSet &traits,
                                        const ContextPtr &, const HostSessionPtr &) override {
    std::vector<ResultOrError<R>> results;
    results.reserve(refs.size());
    answer(
        refs, traits,
        [&](std::size_t, std::shared_ptr<R> record) {
          results.emplace_back(std::in_place_index<0>, std::move(record));
        },
        [&](std::size_t, ErrorCodeAndMessage error) {
          results.emplace_back(std::in_place_index<1>, std::move(error));
        });
    return results;
  }

  void resolve(const References &refs, const TraitSet &traits, const ContextPtr &,
               const HostSessionPtr &, const SuccessCallback<R> &success,
               const ErrorCallback &error) override {
    answer(refs, traits, success, error);
  }

  void resolve(const References &refs, const TraitSet &traits, const ContextPtr &,
               const HostSessionPtr &, void *ctx, SuccessFunction<R> success,
               ErrorFunction error) override {
    answer(
        refs, traits,
        [=](std::size_t i, std::shared_ptr<R> record) { success(ctx, i, std::move(record)); },
        [=](std::size_t i, ErrorCodeAndMessage e) { error(ctx, i, std::move(e)); });
  }

private:
  static sheaf_str view(const EntityReference &ref) { return {ref.text.data(), ref.text.size()}; }

  // As study_next_group, from references that are strings.
  std::uint32_t next_group(const References &refs, std::uint32_t from,
                           std::uint32_t *entries) const {
    const auto total = static_cast<std::uint32_t>(refs.size());
    const std::uint32_t count = study_group_size(total - from);
    if (!lookup_) {
      study_count_group(database_, from, count, entries);
      return count;
    }
    sheaf_str keys[STUDY_GROUP];
    const std::uint32_t end = from + count, ahead = end + study_group_size(total - end);
    for (std::uint32_t i = from; i < end; i++) keys[i - from] = view(refs[i]);
    for (std::uint32_t i = end; i < ahead; i++) sheaf_index_prefetch(view(refs[i]));
    study_find_group(database_, keys, count, entries);
    return count;
  }

  template <class Success, class Error>
  void answer(const References &refs, const TraitSet &traits, const Success &success,
              const Error &error) const {
    const bool wanted = traits.count(trait_) != 0;
    std::uint32_t entries[STUDY_GROUP];
    for (std::uint32_t from = 0, count; from < refs.size(); from += count) {
      count = next_group(refs, from, entries);
      for (std::uint32_t i = 0; i < count; i++) {
        if (entries[i] == SHEAF_INDEX_NONE)
          error(from + i, ErrorCodeAndMessage{SHEAF_ENTITY_RESOLUTION_ERROR, STUDY_UNKNOWN});
        else success(from + i, wanted ? make_(entries[i]) : nullptr);
      }
    }
  }

  const Database database_;
  const Maker<R> make_;
  const std::string trait_ = STUDY_TRAIT;
  const bool lookup_;
};

template <class R> ManagerInterface<R> *open(std::uint32_t entities, bool lookup) {
  return new Manager<R>(entities, lookup);
}

} // namespace
} // namespace dr009

extern "C" const dr009::Factories dr009_table = {
    dr009::open<dr009::TraitsData>, dr009::open<dr009::FlatData>, dr009::open<dr009::Record>,
    dr009::open<dr009::SharedRecord>};
