package prepare

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// NewCommand makes the "prepare" command.
func NewCommand() *cobra.Command {
	o := Options{}
	cmd := &cobra.Command{
		Use:   "prepare",
		Short: "Write the home of a chain with one validator",
		Long: `Write the home of a chain with one validator, ready to be started.

Nothing is asked and nothing existing is overwritten. All ports are bound to
127.0.0.1 only. With the same --genesis-time the same flags give the same chain.

The accounts' keys (HD path m/44'/118'/0'/0/0) also go into the home's keyring,
next to the validator's, which is called "validator".`,
		Example: `  chaind prepare --home /tmp/akash --chain-id akash-a --prefix akash --stake-denom uakt \
    --account relayer=relayer.mnemonic=1000000000uakt,5usdx`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// --home is a flag of the root command, shared by all.
			home, err := cmd.Flags().GetString("home")
			if err != nil {
				return err
			}
			o.Home = home
			if err := Run(o); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "prepared %s in %s\n", o.ChainID, o.Home)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.ChainID, "chain-id", "", "chain id (required)")
	f.StringVar(&o.Prefix, "prefix", "", "Bech32 prefix of addresses (required)")
	f.StringVar(&o.StakeDenom, "stake-denom", "", "denom the validator stakes (required)")
	f.StringArrayVar(&o.Accounts, "account", nil, "an account, as NAME=MNEMONIC_FILE=COINS; may be repeated")
	f.StringVar(&o.Authority, "authority", "", "name of the account that may do what governance does elsewhere (default nobody)")
	f.StringVar(&o.GenesisTime, "genesis-time", "", "time of the first block, RFC 3339 (default now)")
	f.Uint16Var(&o.RPCPort, "rpc-port", 26657, "port of CometBFT's RPC")
	f.Uint16Var(&o.GRPCPort, "grpc-port", 9090, "port of the application's gRPC")
	f.Uint16Var(&o.P2PPort, "p2p-port", 26656, "port for peers, of which there are none")
	f.DurationVar(&o.BlockTime, "block-time", time.Second, "time between blocks, about")
	f.DurationVar(&o.Unbonding, "unbonding", 504*time.Hour, "unbonding time of the stake")
	f.DurationVar(&o.MaxPerBlock, "max-expected-time-per-block", 30*time.Second, "IBC connection parameter")
	f.StringVar(&o.MinGasPrices, "min-gas-prices", "", "smallest gas prices the node accepts (default 0 of the stake denom)")
	f.Int64Var(&o.MaxBlockGas, "max-block-gas", -1, "gas limit of a block, -1 for none")
	f.Int64Var(&o.EvidenceBlocks, "evidence-blocks", 0, "blocks evidence is good for, which no node prunes (default those of the unbonding time)")
	f.StringVar(&o.Indexer, "indexer", "kv", "transaction index: kv or null")
	f.StringVar(&o.Pruning, "pruning", "default", "old states to keep: default, nothing, everything or custom:N")
	return cmd
}
