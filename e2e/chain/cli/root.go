// Package cli puts the commands of the binary together.
package cli

import (
	"fmt"
	"os"
	"path/filepath"

	cmtcfg "github.com/cometbft/cometbft/config"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cobra"

	"cosmossdk.io/client/v2/autocli"
	"cosmossdk.io/core/appmodule"
	"cosmossdk.io/log"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/config"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/client/keys"
	"github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/server"
	srvcfg "github.com/cosmos/cosmos-sdk/server/config"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"tern.local/e2e/chain/app"
	"tern.local/e2e/chain/prepare"
	"tern.local/e2e/chain/settings"
)

// DefaultHome is the home of commands that are not told one.
func DefaultHome() string {
	dir, err := os.UserHomeDir()
	if err != nil {
		dir = "."
	}
	return filepath.Join(dir, ".chaind")
}

// NewRoot builds the whole command tree for a chain with the given settings.
func NewRoot(chain settings.Settings) (*cobra.Command, error) {
	// An application on a throw-away database knows all messages and commands.
	model := app.New(log.NewNopLogger(), dbm.NewMemDB(), nil, chain, simtestutil.AppOptionsMap{})
	base := client.Context{}.
		WithCodec(model.Codec()).
		WithInterfaceRegistry(model.Registry()).
		WithTxConfig(model.TxConfig()).
		WithLegacyAmino(model.LegacyAmino()).
		WithInput(os.Stdin).
		WithAccountRetriever(authtypes.AccountRetriever{}).
		WithHomeDir(DefaultHome()).
		WithViper("")

	root := &cobra.Command{
		Use:   "chaind",
		Short: "A small real chain for Tern's end-to-end tests",
		Long: `A small real chain for Tern's end-to-end tests.

"prepare" writes the home of a chain and "start" runs it. The other commands
look at a running chain and send transactions to it; with --home they know its
address, its chain id and its accounts' keys.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return bindContext(cmd, base)
		},
	}
	root.AddCommand(
		prepare.NewCommand(),
		newStart(chain),
		newExport(chain),
		server.StatusCommand(),
		keys.Commands(),
		newQuery(model),
		newTx(model),
	)

	modules := make(map[string]appmodule.AppModule)
	for name, m := range model.Modules() {
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
	home, err := cmd.Flags().GetString(flags.FlagHome)
	if err != nil {
		return err
	}
	_, prepared, err := settings.Load(home)
	if err != nil {
		return err
	}
	isNodes := cmd.Name() == startName || cmd.Name() == exportName
	ofNode := isNodes && cmd.Parent() == cmd.Root()
	if ofNode && !prepared {
		return fmt.Errorf("%s is not the home of a chain: run prepare first", home)
	}
	cmd.SetOut(cmd.OutOrStdout())
	cmd.SetErr(cmd.ErrOrStderr())
	ctx = ctx.WithCmdContext(cmd.Context()).WithHomeDir(home)
	if ctx, err = client.ReadPersistentCommandFlags(ctx, cmd.Flags()); err != nil {
		return err
	}
	// Reading client.toml would create it, and a directory around it, in places
	// that were never prepared.
	if prepared {
		if ctx, err = config.ReadFromClientConfig(ctx); err != nil {
			return err
		}
	}
	if err := client.SetCmdClientContextHandler(ctx, cmd); err != nil {
		return err
	}
	if !ofNode {
		return nil
	}
	return server.InterceptConfigsPreRunHandler(cmd, srvcfg.DefaultConfigTemplate, srvcfg.DefaultConfig(), cmtcfg.DefaultConfig())
}
