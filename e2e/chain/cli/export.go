package cli

import (
	"errors"
	"io"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cobra"

	"cosmossdk.io/log"

	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"

	"tern.local/e2e/chain/app"
	"tern.local/e2e/chain/settings"
)

const exportName = "export"

func newExport(chain settings.Settings) *cobra.Command {
	export := func(
		logger log.Logger, db dbm.DB, trace io.Writer, height int64, forZeroHeight bool,
		_ []string, options servertypes.AppOptions, modules []string,
	) (servertypes.ExportedApp, error) {
		if height != -1 || forZeroHeight {
			return servertypes.ExportedApp{}, errors.New("only the newest state can be exported, with its height")
		}
		return app.New(logger, db, trace, chain, options).Export(modules)
	}
	cmd := server.ExportCmd(export, DefaultHome())
	cmd.Short = "Print the state of a stopped chain as a genesis"
	return cmd
}
