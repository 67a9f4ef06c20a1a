// Command simd runs the test application that ibc-go v11 brings along. Older versions bring
// a command as well; this one has it in a module that cannot be depended on.
package main

import (
	"fmt"
	"os"

	cmtcfg "github.com/cometbft/cometbft/config"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cobra"

	"cosmossdk.io/client/v2/autocli"
	"cosmossdk.io/core/appmodule"
	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/config"
	"github.com/cosmos/cosmos-sdk/client/keys"
	"github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/server"
	svrcmd "github.com/cosmos/cosmos-sdk/server/cmd"
	srvcfg "github.com/cosmos/cosmos-sdk/server/config"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"

	ibcante "github.com/cosmos/ibc-go/v11/modules/core/ante"
	"github.com/cosmos/ibc-go/v11/testing/simapp"
)

func main() {
	root, err := newRoot()
	if err == nil {
		err = svrcmd.Execute(root, "SIMD", simapp.DefaultNodeHome)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "simd:", err)
		os.Exit(1)
	}
}

func newRoot() (*cobra.Command, error) {
	// An application on a throw-away database knows all messages and commands.
	model := simapp.NewSimApp(log.NewNopLogger(), dbm.NewMemDB(), nil, true, simtestutil.AppOptionsMap{})
	base := client.Context{}.
		WithCodec(model.AppCodec()).
		WithInterfaceRegistry(model.AppCodec().InterfaceRegistry()).
		WithTxConfig(model.TxConfig()).
		WithLegacyAmino(model.LegacyAmino()).
		WithInput(os.Stdin).
		WithAccountRetriever(authtypes.AccountRetriever{}).
		WithHomeDir(simapp.DefaultNodeHome).
		WithViper("")
	root := &cobra.Command{
		Use:           "simd",
		Short:         "The test application of ibc-go v11",
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return bindContext(cmd, base)
		},
	}
	query := &cobra.Command{Use: "query", Short: "Look at the state of a running chain", RunE: client.ValidateCmd}
	model.BasicModuleManager.AddQueryCommands(query)
	root.AddCommand(
		genutilcli.InitCmd(model.BasicModuleManager, simapp.DefaultNodeHome),
		genutilcli.Commands(model.TxConfig(), model.BasicModuleManager, simapp.DefaultNodeHome),
		server.StartCmd(newApp, simapp.DefaultNodeHome),
		keys.Commands(),
		query,
	)

	modules := make(map[string]appmodule.AppModule)
	for name, m := range model.ModuleManager.Modules {
		if m, ok := m.(appmodule.AppModule); ok {
			modules[name] = m
		}
	}
	cfg := sdk.GetConfig()
	auto := autocli.AppOptions{
		Modules:               modules,
		AddressCodec:          address.NewBech32Codec(cfg.GetBech32AccountAddrPrefix()),
		ValidatorAddressCodec: address.NewBech32Codec(cfg.GetBech32ValidatorAddrPrefix()),
		ConsensusAddressCodec: address.NewBech32Codec(cfg.GetBech32ConsensusAddrPrefix()),
		ClientCtx:             base,
	}
	return root, auto.EnhanceRootCommand(root)
}

// bindContext gives a command what the home's files say and its flags override.
func bindContext(cmd *cobra.Command, ctx client.Context) error {
	cmd.SetOut(cmd.OutOrStdout())
	cmd.SetErr(cmd.ErrOrStderr())
	ctx, err := client.ReadPersistentCommandFlags(ctx.WithCmdContext(cmd.Context()), cmd.Flags())
	if err != nil {
		return err
	}
	if ctx, err = config.ReadFromClientConfig(ctx); err != nil {
		return err
	}
	if err := client.SetCmdClientContextHandler(ctx, cmd); err != nil {
		return err
	}
	return server.InterceptConfigsPreRunHandler(cmd, srvcfg.DefaultConfigTemplate, srvcfg.DefaultConfig(), cmtcfg.DefaultConfig())
}

// newApp is the application as it is, but for fees: it takes none by itself, and a relayer
// has to live with those.
func newApp(logger log.Logger, db dbm.DB, options servertypes.AppOptions) servertypes.Application {
	app := simapp.NewSimApp(logger, db, nil, false, options, server.DefaultBaseappOptions(options)...)
	app.SetAnteHandler(sdk.ChainAnteDecorators(
		ante.NewSetUpContextDecorator(), // has to come first: it sets the gas meter
		ante.NewExtensionOptionsDecorator(nil),
		ante.NewValidateBasicDecorator(),
		ante.NewTxTimeoutHeightDecorator(),
		ante.NewValidateMemoDecorator(app.AccountKeeper),
		ante.NewConsumeGasForTxSizeDecorator(app.AccountKeeper),
		ante.NewDeductFeeDecorator(app.AccountKeeper, app.BankKeeper, nil, nil),
		ante.NewSetPubKeyDecorator(app.AccountKeeper), // before anything that verifies signatures
		ante.NewValidateSigCountDecorator(app.AccountKeeper),
		ante.NewSigGasConsumeDecorator(app.AccountKeeper, ante.DefaultSigVerificationGasConsumer),
		ante.NewSigVerificationDecorator(app.AccountKeeper, app.TxConfig().SignModeHandler()),
		ante.NewIncrementSequenceDecorator(app.AccountKeeper),
		ibcante.NewRedundantRelayDecorator(app.IBCKeeper),
	))
	if err := app.LoadLatestVersion(); err != nil {
		panic(err)
	}
	return app
}
