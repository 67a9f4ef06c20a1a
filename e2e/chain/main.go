// Command chaind is the chain the end-to-end tests relay between: a small but
// real application on ibc-go and CometBFT.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	svrcmd "github.com/cosmos/cosmos-sdk/server/cmd"

	"tern.local/e2e/chain/cli"
	"tern.local/e2e/chain/settings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "chaind:", err)
		os.Exit(1)
	}
}

func run() error {
	chain, err := chainFromArgs(os.Args[1:])
	if err != nil {
		return err
	}
	settings.ApplyPrefix(chain.Prefix)
	root, err := cli.NewRoot(chain)
	if err != nil {
		return err
	}
	return svrcmd.Execute(root, "CHAIND", cli.DefaultHome())
}

// chainFromArgs finds out which chain the command is about before any command
// exists. It cannot wait for the real flag parser: merely building the commands
// prints addresses, and the prefix has to be known by then.
//
// The prefix is a flag of "prepare" only; all others go by the home.
func chainFromArgs(args []string) (settings.Settings, error) {
	early := pflag.NewFlagSet("early", pflag.ContinueOnError)
	early.ParseErrorsWhitelist.UnknownFlags = true
	early.SetOutput(io.Discard)
	early.Usage = func() {}
	home := early.String("home", cli.DefaultHome(), "")
	prefix := early.String("prefix", "", "")
	// Whatever is wrong with the flags, the real parser says it better.
	_ = early.Parse(args)

	if *prefix != "" {
		return settings.Settings{Prefix: *prefix}, nil
	}
	chain, _, err := settings.Load(*home)
	return chain, err
}
