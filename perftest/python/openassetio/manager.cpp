// SPDX-License-Identifier: Apache-2.0
// A manager for OpenAssetIO, in C++: what `bal` does for Sheaf, at its best. One hash table of entity
// references to names, as work.py has them.
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>

#include <openassetio/EntityReference.hpp>
#include <openassetio/InfoDictionary.hpp>
#include <openassetio/constants.hpp>
#include <openassetio/errors/BatchElementError.hpp>
#include <openassetio/managerApi/ManagerInterface.hpp>
#include <openassetio/pluginSystem/CppPluginSystemManagerPlugin.hpp>
#include <openassetio/trait/TraitsData.hpp>

namespace {

namespace oaio = openassetio;

const std::string kTrait = "named";
const std::string kKey = "name";
const std::string kPrefix = "bal:///";

class Manager final : public oaio::managerApi::ManagerInterface {
public:
  Manager() {
    for (int i = 0; i < 10000; i++) {
      char ref[32];
      std::snprintf(ref, sizeof ref, "bal:///asset/%05d", i);
      names_[ref] = "Asset " + std::to_string(i);
    }
  }

  oaio::Identifier identifier() const override { return "perftest.cpp"; }
  oaio::Str displayName() const override { return "perftest, in C++"; }

  oaio::InfoDictionary info() override {
    return {{oaio::Str{oaio::constants::kInfoKey_EntityReferencesMatchPrefix}, kPrefix}};
  }

  bool hasCapability(Capability capability) override {
    return capability == Capability::kResolution ||
           capability == Capability::kEntityReferenceIdentification ||
           capability == Capability::kManagementPolicyQueries ||
           capability == Capability::kEntityTraitIntrospection;
  }

  bool isEntityReferenceString(const oaio::Str &text,
                               const oaio::managerApi::HostSessionPtr &) override {
    return text.compare(0, kPrefix.size(), kPrefix) == 0;
  }

  void resolve(const oaio::EntityReferences &refs, const oaio::trait::TraitSet &traits,
               oaio::access::ResolveAccess, const oaio::ContextConstPtr &,
               const oaio::managerApi::HostSessionPtr &, const ResolveSuccessCallback &success,
               const BatchElementErrorCallback &failure) override {
    const bool wanted = traits.count(kTrait) != 0;
    for (std::size_t i = 0; i < refs.size(); i++) {
      const auto found = names_.find(refs[i].toString());
      if (found == names_.end()) {
        failure(i, {oaio::errors::BatchElementError::ErrorCode::kEntityResolutionError, "unknown"});
        continue;
      }
      auto data = oaio::trait::TraitsData::make();
      if (wanted) data->setTraitProperty(kTrait, kKey, found->second);
      success(i, std::move(data));
    }
  }

private:
  std::unordered_map<std::string, std::string> names_;
};

class Plugin final : public oaio::pluginSystem::CppPluginSystemManagerPlugin {
public:
  oaio::Identifier identifier() const override { return "perftest.cpp"; }
  oaio::managerApi::ManagerInterfacePtr interface() override { return std::make_shared<Manager>(); }
};

} // namespace

extern "C" __attribute__((visibility("default"))) oaio::pluginSystem::PluginFactory
openassetioPlugin() noexcept {
  return []() noexcept -> oaio::pluginSystem::CppPluginSystemPluginPtr {
    return std::make_shared<Plugin>();
  };
}
