// Package app is the smallest ibc-go chain that the end-to-end tests can do
// their work on: accounts, coins, one bonded validator and IBC.
//
// There is deliberately no mint, distribution, slashing or governance module.
// Nothing inflates the supply and nothing pays out rewards, so a test can
// predict every balance to the last unit: fees simply pile up in the fee
// collector account.
package app

import (
	"encoding/json"
	"io"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"
	"google.golang.org/grpc"

	"cosmossdk.io/log"
	storetypes "cosmossdk.io/store/types"
	"cosmossdk.io/x/tx/signing"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/address"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	"github.com/cosmos/cosmos-sdk/std"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"

	"tern.local/e2e/chain/settings"
)

// Name identifies the application in the handshake with CometBFT.
const Name = "tern-e2e-chain"

// App is the state machine that CometBFT drives.
type App struct {
	*baseapp.BaseApp

	codec       codec.Codec
	legacyAmino *codec.LegacyAmino
	registry    codectypes.InterfaceRegistry
	txConfig    client.TxConfig

	storeKeys map[string]*storetypes.KVStoreKey
	keepers   keepers

	modules *module.Manager
	basics  module.BasicManager

	grpcServer *grpc.Server
}

var _ servertypes.Application = (*App)(nil)

// New builds the application on top of a database and loads its last height.
// The Bech32 prefix must have been applied before.
func New(
	logger log.Logger,
	db dbm.DB,
	trace io.Writer,
	chain settings.Settings,
	options servertypes.AppOptions,
	baseOptions ...func(*baseapp.BaseApp),
) *App {
	registry, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: proto.HybridResolver,
		SigningOptions: signing.Options{
			AddressCodec:          address.NewBech32Codec(sdk.GetConfig().GetBech32AccountAddrPrefix()),
			ValidatorAddressCodec: address.NewBech32Codec(sdk.GetConfig().GetBech32ValidatorAddrPrefix()),
		},
	})
	if err != nil {
		panic(err)
	}
	appCodec := codec.NewProtoCodec(registry)
	legacyAmino := codec.NewLegacyAmino()
	txConfig := authtx.NewTxConfig(appCodec, authtx.DefaultSignModes)
	std.RegisterLegacyAminoCodec(legacyAmino)
	std.RegisterInterfaces(registry)

	base := baseapp.NewBaseApp(Name, logger, db, txConfig.TxDecoder(), baseOptions...)
	base.SetCommitMultiStoreTracer(trace)
	base.SetInterfaceRegistry(registry)
	base.SetTxEncoder(txConfig.TxEncoder())

	a := &App{
		BaseApp:     base,
		codec:       appCodec,
		legacyAmino: legacyAmino,
		registry:    registry,
		txConfig:    txConfig,
		storeKeys:   newStoreKeys(),
	}
	a.newKeepers(chain, options)
	a.newModules()

	a.MountKVStores(a.storeKeys)
	a.SetInitChainer(a.initChain)
	a.SetPreBlocker(func(ctx sdk.Context, _ *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
		return a.modules.PreBlock(ctx)
	})
	a.SetBeginBlocker(a.modules.BeginBlock)
	a.SetEndBlocker(a.modules.EndBlock)
	a.SetAnteHandler(a.newAnteHandler())

	if err := a.LoadLatestVersion(); err != nil {
		panic(err)
	}
	return a
}

// initChain turns the genesis document into the first state.
func (a *App) initChain(ctx sdk.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var state map[string]json.RawMessage
	if err := json.Unmarshal(req.AppStateBytes, &state); err != nil {
		return nil, err
	}
	// The upgrade module compares against these numbers later on; without them
	// a scheduled upgrade would look like every module had just been added.
	if err := a.keepers.upgrade.SetModuleVersionMap(ctx, a.modules.GetVersionMap()); err != nil {
		return nil, err
	}
	return a.modules.InitGenesis(ctx, a.codec, state)
}

// DefaultGenesis is the state every module would start with if it were asked
// nothing. The prepare command fills in the rest.
func (a *App) DefaultGenesis() map[string]json.RawMessage {
	return a.basics.DefaultGenesis(a.codec)
}

// Codec, LegacyAmino, Registry, TxConfig, Basics and Modules let the command
// line use exactly the encoding and modules the node uses.
func (a *App) Codec() codec.Codec { return a.codec }

// LegacyAmino is only needed for keys that the SDK still stores in that form.
func (a *App) LegacyAmino() *codec.LegacyAmino { return a.legacyAmino }

// Registry knows every message the chain accepts.
func (a *App) Registry() codectypes.InterfaceRegistry { return a.registry }

// TxConfig encodes, decodes and signs transactions.
func (a *App) TxConfig() client.TxConfig { return a.txConfig }

// Basics gives access to the modules' command line commands.
func (a *App) Basics() module.BasicManager { return a.basics }

// Modules lists the modules by name.
func (a *App) Modules() map[string]any { return a.modules.Modules }
