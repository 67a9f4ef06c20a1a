package prepare

import (
	"fmt"
	"os"
	"path/filepath"

	dbm "github.com/cosmos/cosmos-db"

	"cosmossdk.io/log"

	"github.com/cosmos/cosmos-sdk/baseapp"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"

	"tern.local/e2e/chain/app"
	"tern.local/e2e/chain/settings"
)

// Run writes the home the options describe. The prefix must have been applied
// to the process before.
//
// Everything is written next to the final place and moved there at the end, so
// that a home either is complete or does not exist.
func Run(o Options) error {
	p, err := o.check()
	if err != nil {
		return err
	}
	keys, err := newKeys(p)
	if err != nil {
		return err
	}
	chain := settings.Settings{Prefix: p.Prefix}
	if p.Authority != "" {
		address, ok := keys.accounts[p.Authority]
		if !ok {
			return fmt.Errorf("--authority %s: there is no such account", p.Authority)
		}
		chain.Authority = address.String()
	}
	// The application is built on a throw-away database, only to learn what it
	// wants to find in its genesis.
	model := app.New(log.NewNopLogger(), dbm.NewMemDB(), nil, chain,
		simtestutil.AppOptionsMap{}, baseapp.SetChainID(p.ChainID))
	genesis, err := newGenesis(p, keys, model)
	if err != nil {
		return fmt.Errorf("genesis: %w", err)
	}

	final := filepath.Clean(p.Home)
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return err
	}
	if p.Home, err = os.MkdirTemp(filepath.Dir(final), ".chaind-prepare-"); err != nil {
		return err
	}
	defer os.RemoveAll(p.Home)

	for _, dir := range []string{"config", "data"} {
		if err := os.Mkdir(filepath.Join(p.Home, dir), 0o755); err != nil {
			return err
		}
	}
	if err := genesis.SaveAs(filepath.Join(p.Home, "config", "genesis.json")); err != nil {
		return err
	}
	steps := []func() error{
		func() error { return chain.Save(p.Home) },
		func() error { return writeCometConfig(p) },
		func() error { return writeAppConfig(p) },
		func() error { return writeClientConfig(p) },
		func() error { return writeNodeKeys(p, keys) },
		func() error { return writeKeyring(p, keys, model.Codec()) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	// Only an empty directory can be replaced this way, which the check at the
	// beginning promised it to be.
	if err := os.Rename(p.Home, final); err != nil {
		return err
	}
	return os.Chmod(final, 0o755)
}
