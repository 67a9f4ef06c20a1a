package main

import (
	"encoding/json"
	"errors"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cast"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	"github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/server/api"
	srvcfg "github.com/cosmos/cosmos-sdk/server/config"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkmempool "github.com/cosmos/cosmos-sdk/types/mempool"
	"github.com/cosmos/cosmos-sdk/types/module"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	evmante "github.com/cosmos/evm/ante"
	antetypes "github.com/cosmos/evm/ante/types"
	"github.com/cosmos/evm/encoding"
	evmmempool "github.com/cosmos/evm/mempool"
	evmserver "github.com/cosmos/evm/server"
	evmcfg "github.com/cosmos/evm/server/config"
	"github.com/cosmos/evm/x/vm"
)

var _ evmserver.Application = (*App)(nil)

// App is an application with an EVM and its fee market, where coins that come by IBC are
// ERC-20 tokens. It has what these need, and nothing else.
type App struct {
	*baseapp.BaseApp
	encoding encoding.Config
	manager  *module.Manager
	basics   module.BasicManager
	keepers  keepers
	evm      vm.AppModule
	mempool  *evmmempool.Mempool
	pending  []func(common.Hash)
}

// NewApp makes the application, without its state.
func NewApp(logger log.Logger, db dbm.DB, options servertypes.AppOptions, base ...func(*baseapp.BaseApp)) *App {
	// The default chain id (EIP-155) is the one that can be set more than once in a process.
	config := encoding.MakeConfig(evmcfg.DefaultEVMChainID)
	app := &App{
		BaseApp:  baseapp.NewBaseApp("evmd", logger, db, config.TxConfig.TxDecoder(), base...),
		encoding: config,
	}
	app.SetInterfaceRegistry(config.InterfaceRegistry)
	app.SetTxEncoder(config.TxConfig.TxEncoder())

	stores := newStores()
	authority := cast.ToString(options.Get(flagAuthority))
	app.keepers = newKeepers(app.BaseApp, config.Codec, stores, authority)
	app.setModules()
	app.MountKVStores(stores.kv)
	app.MountObjectStores(stores.objects)

	app.SetInitChainer(app.initChain)
	app.SetPreBlocker(func(ctx sdk.Context, _ *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
		return app.manager.PreBlock(ctx)
	})
	app.SetBeginBlocker(app.manager.BeginBlock)
	app.SetEndBlocker(app.manager.EndBlock)
	app.setAnteHandler()
	return app
}

func (app *App) setModules() {
	app.evm = app.keepers.evmModule()
	modules := append(
		app.keepers.modules(app.encoding.Codec, app.evm),
		genutil.NewAppModule(app.keepers.account, app.keepers.staking, app, app.encoding.TxConfig),
	)
	app.manager = module.NewManager(modules...)
	app.manager.SetOrderPreBlockers(preBlockers...)
	app.manager.SetOrderBeginBlockers(beginBlockers...)
	app.manager.SetOrderEndBlockers(endBlockers...)
	app.manager.SetOrderInitGenesis(inGenesis...)
	app.manager.SetOrderExportGenesis(inGenesis...)
	app.basics = module.NewBasicManagerFromManager(app.manager, map[string]module.AppModuleBasic{
		genutiltypes.ModuleName: genutil.NewAppModuleBasic(genutiltypes.DefaultMessageValidator),
	})
	app.basics.RegisterLegacyAminoCodec(app.encoding.Amino)
	app.basics.RegisterInterfaces(app.encoding.InterfaceRegistry)
	services := module.NewConfigurator(app.encoding.Codec, app.MsgServiceRouter(), app.GRPCQueryRouter())
	if err := app.manager.RegisterServices(services); err != nil {
		panic(err)
	}
}

func (app *App) setAnteHandler() {
	options := evmante.HandlerOptions{
		Cdc:                    app.encoding.Codec,
		AccountKeeper:          app.keepers.account,
		BankKeeper:             app.keepers.bank,
		IBCKeeper:              app.keepers.ibc,
		FeeMarketKeeper:        app.keepers.feemarket,
		EvmKeeper:              app.keepers.evm,
		ExtensionOptionChecker: antetypes.HasDynamicFeeExtensionOption,
		SignModeHandler:        app.encoding.TxConfig.SignModeHandler(),
		SigGasConsumer:         evmante.SigVerificationGasConsumer,
		MaxTxGasWanted:         evmcfg.DefaultMaxTxGasWanted,
		DynamicFeeChecker:      true,
		PendingTxListener:      app.isPending,
	}
	if err := options.Validate(); err != nil {
		panic(err)
	}
	app.SetAnteHandler(evmante.NewAnteHandler(options))
}

func (app *App) initChain(ctx sdk.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var genesis map[string]json.RawMessage
	if err := json.Unmarshal(req.AppStateBytes, &genesis); err != nil {
		return nil, err
	}
	return app.manager.InitGenesis(ctx, app.encoding.Codec, genesis)
}

// Load loads the newest state. The denom of the EVM is in the state, and is looked up in
// variables of the process: queries come before the first block does.
func (app *App) Load() error {
	if err := app.LoadLatestVersion(); err != nil {
		return err
	}
	app.evm.HydrateGlobals(app.NewUncachedContext(false, cmtproto.Header{Height: app.LastBlockHeight()}))
	return nil
}

// setMempool makes the application keep the transactions that wait: those of Ethereum may come
// with a gap of nonces.
func (app *App) setMempool(logger log.Logger, options servertypes.AppOptions) {
	ante, config := app.AnteHandler(), app.encoding.TxConfig
	encoder := evmmempool.NewTxEncoder(config)
	app.mempool = evmmempool.NewMempool(
		app.CreateQueryContext, logger, app.keepers.evm, app.keepers.feemarket, config,
		evmmempool.NewTxRechecker(ante, encoder),
		evmmempool.NewTxRechecker(ante, encoder),
		evmserver.ResolveMempoolConfig(ante, options, logger),
		evmserver.GetCosmosPoolMaxTx(options, logger),
	)
	app.SetMempool(app.mempool)
	app.SetCheckTxHandler(app.mempool.NewCheckTxHandler(config.TxDecoder(), evmserver.GetMempoolCheckTxTimeout(options, logger)))
	app.SetInsertTxHandler(app.mempool.NewInsertTxHandler(config.TxDecoder()))
	app.SetReapTxsHandler(app.mempool.NewReapTxsHandler())
	proposals := baseapp.NewDefaultProposalHandler(app.mempool, app)
	proposals.SetSignerExtractionAdapter(
		evmmempool.NewEthSignerExtractionAdapter(sdkmempool.NewDefaultSignerExtractionAdapter()),
	)
	app.SetPrepareProposal(proposals.PrepareProposalHandler())
}

func (app *App) GetMempool() sdkmempool.ExtMempool { return app.mempool }

func (app *App) isPending(hash common.Hash) {
	for _, listener := range app.pending {
		listener(hash)
	}
}

func (app *App) RegisterPendingTxListener(listener func(common.Hash)) {
	app.pending = append(app.pending, listener)
}

func (app *App) RegisterAPIRoutes(server *api.Server, _ srvcfg.APIConfig) {
	app.basics.RegisterGRPCGatewayRoutes(server.ClientCtx, server.GRPCGatewayRouter)
}

func (app *App) RegisterTxService(ctx client.Context) {
	authtx.RegisterTxService(app.GRPCQueryRouter(), ctx, app.Simulate, app.encoding.InterfaceRegistry)
}

func (app *App) RegisterTendermintService(ctx client.Context) {
	cmtservice.RegisterTendermintService(ctx, app.GRPCQueryRouter(), app.encoding.InterfaceRegistry, app.Query)
}

func (app *App) RegisterNodeService(ctx client.Context, config srvcfg.Config) {
	node.RegisterNodeService(ctx, app.GRPCQueryRouter(), config, app.CommitMultiStore().EarliestVersion)
}

func (app *App) Close() error {
	return errors.Join(app.mempool.Close(), app.BaseApp.Close())
}
