package prepare

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"

	"cosmossdk.io/log"

	"github.com/cosmos/cosmos-sdk/baseapp"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"tern.local/e2e/chain/app"
	"tern.local/e2e/chain/settings"
)

const mnemonic = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"

func options(t *testing.T) Options {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "words")
	if err := os.WriteFile(file, []byte(mnemonic), 0o600); err != nil {
		t.Fatal(err)
	}
	return Options{
		Home:        filepath.Join(folder, "home"),
		ChainID:     "akash-a",
		Prefix:      "akash",
		StakeDenom:  "uakt",
		Accounts:    []string{"relayer=" + file + "=1000uakt,5usdx"},
		BlockTime:   time.Second,
		Unbonding:   time.Hour,
		MaxPerBlock: 30 * time.Second,
		MaxBlockGas: -1,
		Indexer:     "kv",
		Pruning:     "default",
	}
}

func TestThePreparedGenesisIsAcceptedByTheApplication(t *testing.T) {
	settings.ApplyPrefix("akash")
	o := options(t)
	if err := Run(o); err != nil {
		t.Fatal(err)
	}
	genesis, err := genutiltypes.AppGenesisFromFile(filepath.Join(o.Home, "config", "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(genesis.AppState), `"akash1`) {
		t.Fatal("the genesis has no address with the prefix")
	}
	chain := app.New(log.NewNopLogger(), dbm.NewMemDB(), nil, settings.Settings{Prefix: "akash"},
		simtestutil.AppOptionsMap{}, baseapp.SetChainID(o.ChainID))
	params := genesis.Consensus.Params.ToProto()
	_, err = chain.InitChain(&abci.RequestInitChain{
		ChainId:         o.ChainID,
		ConsensusParams: &params,
		AppStateBytes:   json.RawMessage(genesis.AppState),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnExistingHomeIsNotOverwritten(t *testing.T) {
	settings.ApplyPrefix("akash")
	o := options(t)
	if err := Run(o); err != nil {
		t.Fatal(err)
	}
	err := Run(o)
	if err == nil || !strings.Contains(err.Error(), "refusing to overwrite") {
		t.Fatalf("the second run said: %v", err)
	}
}

func TestWhatIsWrongWithAnOptionIsSaidWithoutTheMnemonic(t *testing.T) {
	o := options(t)
	file := strings.Split(o.Accounts[0], "=")[1]
	if err := os.WriteFile(file, []byte("abandon secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := o.check()
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Fatalf("the check said: %v", err)
	}
}
