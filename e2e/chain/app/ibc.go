package app

import (
	feegrantkeeper "cosmossdk.io/x/feegrant/keeper"
	upgradekeeper "cosmossdk.io/x/upgrade/keeper"

	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authzkeeper "github.com/cosmos/cosmos-sdk/x/authz/keeper"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	stakingkeeper "github.com/cosmos/cosmos-sdk/x/staking/keeper"

	"github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/controller"
	controllerkeeper "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/controller/keeper"
	controllertypes "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/controller/types"
	"github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/host"
	hostkeeper "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/host/keeper"
	hosttypes "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/host/types"
	"github.com/cosmos/ibc-go/v10/modules/apps/transfer"
	transferkeeper "github.com/cosmos/ibc-go/v10/modules/apps/transfer/keeper"
	transfertypes "github.com/cosmos/ibc-go/v10/modules/apps/transfer/types"
	porttypes "github.com/cosmos/ibc-go/v10/modules/core/05-port/types"
	ibcexported "github.com/cosmos/ibc-go/v10/modules/core/exported"
	ibckeeper "github.com/cosmos/ibc-go/v10/modules/core/keeper"
	ibctm "github.com/cosmos/ibc-go/v10/modules/light-clients/07-tendermint"

	"tern.local/e2e/chain/forward"
	"tern.local/e2e/chain/mockport"
)

// keepers are the parts of the state, one per module that has any.
type keepers struct {
	authority string

	consensus consensuskeeper.Keeper
	account   authkeeper.AccountKeeper
	bank      bankkeeper.BaseKeeper
	staking   *stakingkeeper.Keeper
	feegrant  feegrantkeeper.Keeper
	authz     authzkeeper.Keeper
	upgrade   *upgradekeeper.Keeper

	ibc        *ibckeeper.Keeper
	transfer   transferkeeper.Keeper
	controller controllerkeeper.Keeper
	host       hostkeeper.Keeper

	tendermint ibctm.LightClientModule
}

// newIBCKeepers builds the IBC half and tells the core which application is
// behind which port.
//
// Every keeper here takes a "legacy subspace", the place where old chains kept
// their parameters before a migration. A chain that starts today has none.
func (a *App) newIBCKeepers() {
	k := &a.keepers
	k.ibc = ibckeeper.NewKeeper(a.codec, a.store(ibcexported.StoreKey), nil, k.upgrade, k.authority)
	channels := k.ibc.ChannelKeeper

	k.transfer = transferkeeper.NewKeeper(
		a.codec, a.store(transfertypes.StoreKey), nil, channels, channels,
		a.MsgServiceRouter(), k.account, k.bank, k.authority)
	k.controller = controllerkeeper.NewKeeper(
		a.codec, a.store(controllertypes.StoreKey), nil, channels, channels,
		a.MsgServiceRouter(), k.authority)
	k.host = hostkeeper.NewKeeper(
		a.codec, a.store(hosttypes.StoreKey), nil, channels, channels, k.account,
		a.MsgServiceRouter(), a.GRPCQueryRouter(), k.authority)

	// Plain stacks, but for tokens that are sent on.
	router := porttypes.NewRouter()
	router.AddRoute(transfertypes.ModuleName, forward.NewMiddleware(
		transfer.NewIBCModule(k.transfer), a.store(forward.StoreKey), k.bank, k.transfer, channels))
	router.AddRoute(controllertypes.SubModuleName, controller.NewIBCMiddleware(k.controller))
	router.AddRoute(hosttypes.SubModuleName, host.NewIBCModule(k.host))
	router.AddRoute(mockport.PortID, mockport.NewIBCModule())
	k.ibc.SetRouter(router)

	k.tendermint = ibctm.NewLightClientModule(a.codec, k.ibc.ClientKeeper.GetStoreProvider())
	k.ibc.ClientKeeper.AddRoute(ibctm.ModuleName, &k.tendermint)
}
