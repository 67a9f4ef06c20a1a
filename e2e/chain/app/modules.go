package app

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
	reflectionv1 "cosmossdk.io/api/cosmos/reflection/v1"
	"cosmossdk.io/x/feegrant"
	feegrantmodule "cosmossdk.io/x/feegrant/module"
	"cosmossdk.io/x/upgrade"
	upgradetypes "cosmossdk.io/x/upgrade/types"

	runtimeservices "github.com/cosmos/cosmos-sdk/runtime/services"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	authzmodule "github.com/cosmos/cosmos-sdk/x/authz/module"
	"github.com/cosmos/cosmos-sdk/x/bank"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	ica "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts"
	icatypes "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/types"
	"github.com/cosmos/ibc-go/v10/modules/apps/transfer"
	transfertypes "github.com/cosmos/ibc-go/v10/modules/apps/transfer/types"
	ibc "github.com/cosmos/ibc-go/v10/modules/core"
	ibcexported "github.com/cosmos/ibc-go/v10/modules/core/exported"
	ibctm "github.com/cosmos/ibc-go/v10/modules/light-clients/07-tendermint"

	"tern.local/e2e/chain/mockport"
)

// newModules gathers the modules and fixes the orders in which they run.
func (a *App) newModules() {
	k := &a.keepers
	a.modules = module.NewManager(
		genutil.NewAppModule(k.account, k.staking, a, a.txConfig),
		auth.NewAppModule(a.codec, k.account, nil, nil),
		bank.NewAppModule(a.codec, k.bank, k.account, nil),
		staking.NewAppModule(a.codec, k.staking, k.account, k.bank, nil),
		consensus.NewAppModule(a.codec, k.consensus),
		upgrade.NewAppModule(k.upgrade, k.account.AddressCodec()),
		feegrantmodule.NewAppModule(a.codec, k.account, k.bank, k.feegrant, a.registry),
		authzmodule.NewAppModule(a.codec, k.authz, k.account, k.bank, a.registry),
		ibc.NewAppModule(k.ibc),
		ibctm.NewAppModule(k.tendermint),
		transfer.NewAppModule(k.transfer),
		ica.NewAppModule(&k.controller, &k.host),
		mockport.NewAppModule(k.ibc.ChannelKeeper),
	)

	// An upgrade has to be noticed before anything else in the block runs.
	a.modules.SetOrderPreBlockers(upgradetypes.ModuleName, authtypes.ModuleName)
	// Staking keeps its historical headers here; IBC stores the consensus state
	// to upgrade to when this block is the last one before an upgrade.
	a.modules.SetOrderBeginBlockers(stakingtypes.ModuleName, authz.ModuleName, ibcexported.ModuleName)
	a.modules.SetOrderEndBlockers(stakingtypes.ModuleName, feegrant.ModuleName)
	// Accounts and coins first, then staking which locks some of them, then
	// genutil which runs the validator's transaction on top of both.
	a.modules.SetOrderInitGenesis(
		authtypes.ModuleName, banktypes.ModuleName, stakingtypes.ModuleName,
		ibcexported.ModuleName, genutiltypes.ModuleName,
		transfertypes.ModuleName, icatypes.ModuleName, mockport.ModuleName,
		feegrant.ModuleName, authz.ModuleName, upgradetypes.ModuleName, consensustypes.ModuleName,
	)

	a.basics = module.NewBasicManagerFromManager(a.modules, map[string]module.AppModuleBasic{
		genutiltypes.ModuleName: genutil.NewAppModuleBasic(genutiltypes.DefaultMessageValidator),
	})
	a.basics.RegisterLegacyAminoCodec(a.legacyAmino)
	a.basics.RegisterInterfaces(a.registry)

	services := module.NewConfigurator(a.codec, a.MsgServiceRouter(), a.GRPCQueryRouter())
	if err := a.modules.RegisterServices(services); err != nil {
		panic(err)
	}
	autocliv1.RegisterQueryServer(a.GRPCQueryRouter(), runtimeservices.NewAutoCLIQueryService(a.modules.Modules))
	reflection, err := runtimeservices.NewReflectionService()
	if err != nil {
		panic(err)
	}
	reflectionv1.RegisterReflectionServiceServer(a.GRPCQueryRouter(), reflection)
}
