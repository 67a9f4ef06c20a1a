// Command evmd runs an application with the EVM of cosmos/evm. That project's own command is in
// a module that cannot be depended on.
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
	"github.com/cosmos/cosmos-sdk/server"
	svrcmd "github.com/cosmos/cosmos-sdk/server/cmd"
	srvcfg "github.com/cosmos/cosmos-sdk/server/config"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"

	evmhd "github.com/cosmos/evm/crypto/hd"
	evmaddress "github.com/cosmos/evm/encoding/address"
	evmserver "github.com/cosmos/evm/server"
	evmcfg "github.com/cosmos/evm/server/config"
)

// flagAuthority is the address that may do what governance does elsewhere.
const flagAuthority = "authority"

// noOptions has no value for any name.
type noOptions struct{}

func (noOptions) Get(string) any { return nil }

func main() {
	root, err := newRoot()
	if err == nil {
		err = svrcmd.Execute(root, "EVMD", "")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "evmd:", err)
		os.Exit(1)
	}
}

func newRoot() (*cobra.Command, error) {
	// An application on a throw-away database knows all messages and commands.
	model := NewApp(log.NewNopLogger(), dbm.NewMemDB(), noOptions{})
	base := client.Context{}.
		WithCodec(model.encoding.Codec).
		WithInterfaceRegistry(model.encoding.InterfaceRegistry).
		WithTxConfig(model.encoding.TxConfig).
		WithLegacyAmino(model.encoding.Amino).
		WithInput(os.Stdin).
		WithAccountRetriever(authtypes.AccountRetriever{}).
		WithKeyringOptions(evmhd.EthSecp256k1Option()).
		WithViper("")
	root := &cobra.Command{
		Use:           "evmd",
		Short:         "An application with the EVM of cosmos/evm",
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return bindContext(cmd, base)
		},
	}
	query := &cobra.Command{Use: "query", Short: "Look at the state of a running chain", RunE: client.ValidateCmd}
	model.basics.AddQueryCommands(query)
	start := evmserver.StartCmd(evmserver.NewDefaultStartOptions(newApp, ""))
	start.Flags().String(flagAuthority, "", "The address that may do what governance does elsewhere")
	root.AddCommand(
		genutilcli.InitCmd(model.basics, ""),
		genutilcli.Commands(model.encoding.TxConfig, model.basics, ""),
		start,
		keys.Commands(),
		query,
	)

	modules := make(map[string]appmodule.AppModule)
	for name, m := range model.manager.Modules {
		if m, ok := m.(appmodule.AppModule); ok {
			modules[name] = m
		}
	}
	cfg := sdk.GetConfig()
	auto := autocli.AppOptions{
		Modules:               modules,
		AddressCodec:          evmaddress.NewEvmCodec(cfg.GetBech32AccountAddrPrefix()),
		ValidatorAddressCodec: evmaddress.NewEvmCodec(cfg.GetBech32ValidatorAddrPrefix()),
		ConsensusAddressCodec: evmaddress.NewEvmCodec(cfg.GetBech32ConsensusAddrPrefix()),
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
	template := srvcfg.DefaultConfigTemplate + evmcfg.DefaultEVMConfigTemplate
	// The application keeps the transactions that wait.
	comet := cmtcfg.DefaultConfig()
	comet.Mempool.Type = cmtcfg.MempoolTypeApp
	app := evmcfg.DefaultConfig()
	app.Mempool.MaxTxs = 0
	app.GRPC.Enable = true
	app.JSONRPC.Enable = true
	return server.InterceptConfigsPreRunHandler(cmd, template, app, comet)
}

func newApp(logger log.Logger, db dbm.DB, options servertypes.AppOptions) evmserver.Application {
	app := NewApp(logger, db, options, server.DefaultBaseappOptions(options)...)
	app.setMempool(logger, options)
	if err := app.Load(); err != nil {
		panic(err)
	}
	return app
}
