package mockport

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/client/tx"
)

func newTxCommand() *cobra.Command {
	parent := &cobra.Command{
		Use:   ModuleName,
		Short: "Packets on the mock port",
		RunE:  client.ValidateCmd,
	}
	parent.AddCommand(newSendCommand())
	return parent
}

func newSendCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "send CHANNEL DATA",
		Short: "Send a packet from the mock port",
		Long: fmt.Sprintf(`Send a packet from the mock port.

The receiving mock port answers %q with an error, %q not at all,
and everything else with success.`, DataFail, DataAsync),
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, err := client.GetClientTxContext(cmd)
			if err != nil {
				return err
			}
			msg := &MsgSend{
				Sender:           ctx.GetFromAddress().String(),
				Channel:          args[0],
				Data:             []byte(args[1]),
				TimeoutTimestamp: uint64(time.Now().Add(timeout).UnixNano()),
			}
			return tx.GenerateOrBroadcastTxCLI(ctx, cmd.Flags(), msg)
		},
	}
	cmd.Flags().DurationVar(&timeout, "packet-timeout", 10*time.Minute, "how long the packet may take")
	flags.AddTxFlagsToCmd(cmd)
	return cmd
}
