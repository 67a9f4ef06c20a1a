package app

import (
	"github.com/spf13/cast"

	"cosmossdk.io/core/store"
	storetypes "cosmossdk.io/store/types"
	"cosmossdk.io/x/feegrant"
	feegrantkeeper "cosmossdk.io/x/feegrant/keeper"
	upgradekeeper "cosmossdk.io/x/upgrade/keeper"
	upgradetypes "cosmossdk.io/x/upgrade/types"

	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/runtime"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	authzkeeper "github.com/cosmos/cosmos-sdk/x/authz/keeper"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	stakingkeeper "github.com/cosmos/cosmos-sdk/x/staking/keeper"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	controllertypes "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/controller/types"
	hosttypes "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/host/types"
	icatypes "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/types"
	transfertypes "github.com/cosmos/ibc-go/v10/modules/apps/transfer/types"
	ibcexported "github.com/cosmos/ibc-go/v10/modules/core/exported"

	"tern.local/e2e/chain/forward"
	"tern.local/e2e/chain/settings"
)

// authorityModule names the account which is the authority when the settings
// name none. No module of that name exists here, so nobody can sign for it.
const authorityModule = "gov"

// moduleAccounts lists the accounts owned by modules and what these may do.
// Only transfers mint and burn, and only vouchers of coins from elsewhere.
var moduleAccounts = map[string][]string{
	authtypes.FeeCollectorName:     nil,
	stakingtypes.BondedPoolName:    {authtypes.Burner, authtypes.Staking},
	stakingtypes.NotBondedPoolName: {authtypes.Burner, authtypes.Staking},
	transfertypes.ModuleName:       {authtypes.Minter, authtypes.Burner},
	icatypes.ModuleName:            nil,
}

func newStoreKeys() map[string]*storetypes.KVStoreKey {
	return storetypes.NewKVStoreKeys(
		authtypes.StoreKey, banktypes.StoreKey, stakingtypes.StoreKey,
		consensustypes.StoreKey, upgradetypes.StoreKey,
		feegrant.StoreKey, authzkeeper.StoreKey,
		ibcexported.StoreKey, transfertypes.StoreKey,
		controllertypes.StoreKey, hosttypes.StoreKey, forward.StoreKey,
	)
}

// newKeepers builds the keepers in the order of their needs: each one takes
// the finished ones before it.
func (a *App) newKeepers(chain settings.Settings, options servertypes.AppOptions) {
	k := &a.keepers
	k.authority = chain.Authority
	if k.authority == "" {
		k.authority = authtypes.NewModuleAddress(authorityModule).String()
	}
	cfg := sdk.GetConfig()

	k.consensus = consensuskeeper.NewKeeper(
		a.codec, a.store(consensustypes.StoreKey), k.authority, runtime.EventService{})
	a.SetParamStore(k.consensus.ParamsStore)

	k.account = authkeeper.NewAccountKeeper(
		a.codec, a.store(authtypes.StoreKey), authtypes.ProtoBaseAccount, moduleAccounts,
		address.NewBech32Codec(cfg.GetBech32AccountAddrPrefix()),
		cfg.GetBech32AccountAddrPrefix(), k.authority)

	// Coins sent to a module account by mistake would be stuck there, which is
	// why the bank refuses it.
	blocked := make(map[string]bool, len(moduleAccounts))
	for name := range moduleAccounts {
		blocked[authtypes.NewModuleAddress(name).String()] = true
	}
	k.bank = bankkeeper.NewBaseKeeper(
		a.codec, a.store(banktypes.StoreKey), k.account, blocked, k.authority, a.Logger())

	k.staking = stakingkeeper.NewKeeper(
		a.codec, a.store(stakingtypes.StoreKey), k.account, k.bank, k.authority,
		address.NewBech32Codec(cfg.GetBech32ValidatorAddrPrefix()),
		address.NewBech32Codec(cfg.GetBech32ConsensusAddrPrefix()))

	k.feegrant = feegrantkeeper.NewKeeper(a.codec, a.store(feegrant.StoreKey), k.account)
	k.authz = authzkeeper.NewKeeper(a.store(authzkeeper.StoreKey), a.codec, a.MsgServiceRouter(), k.account)
	k.upgrade = upgradekeeper.NewKeeper(
		map[int64]bool{}, a.store(upgradetypes.StoreKey), a.codec,
		cast.ToString(options.Get(flags.FlagHome)), a.BaseApp, k.authority)

	a.newIBCKeepers()
}

func (a *App) store(key string) store.KVStoreService {
	return runtime.NewKVStoreService(a.storeKeys[key])
}
