package cli

import (
	"context"
	"io"
	"time"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"cosmossdk.io/log"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"

	"tern.local/e2e/chain/app"
	"tern.local/e2e/chain/settings"
)

const (
	startName = "start"
	// patience is what gRPC clients get to finish after a signal to stop.
	patience = time.Second
)

func newStart(chain settings.Settings) *cobra.Command {
	var running *app.App
	create := func(logger log.Logger, db dbm.DB, trace io.Writer, options servertypes.AppOptions) servertypes.Application {
		running = app.New(logger, db, trace, chain, options, server.DefaultBaseappOptions(options)...)
		return running
	}
	// The SDK waits for every gRPC client before it stops the rest of the node.
	// One that holds a stream open, or hangs, would keep the chain alive, so it
	// is cut off. Not being part of the group, this delays no stop by itself.
	cutOff := func(_ *server.Context, _ client.Context, ctx context.Context, _ *errgroup.Group) error {
		go func() {
			<-ctx.Done()
			time.Sleep(patience)
			running.StopGRPC()
		}()
		return nil
	}
	cmd := server.StartCmdWithOptions(create, DefaultHome(), server.StartCmdOptions{PostSetup: cutOff})
	cmd.Short = "Run the chain until SIGTERM or SIGINT"
	return cmd
}
