// Package prepare writes the home of a chain with a single validator: its
// genesis, keys and configuration, ready for "start" and nothing else.
package prepare

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/cosmos/go-bip39"

	pruning "cosmossdk.io/store/pruning/types"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Options are the answers to everything that may differ between two chains.
type Options struct {
	Home        string
	ChainID     string
	Prefix      string
	StakeDenom  string
	Accounts    []string // NAME=MNEMONIC_FILE=COINS
	Authority   string   // name of one of the accounts, or empty
	GenesisTime string   // RFC 3339, or empty for now

	RPCPort  uint16
	GRPCPort uint16
	P2PPort  uint16

	BlockTime    time.Duration
	Unbonding    time.Duration
	MaxPerBlock  time.Duration
	MinGasPrices string
	MaxBlockGas  int64
	// EvidenceBlocks is how many blocks evidence is good for, and so the least
	// history that a node keeps, whatever its min-retain-blocks says; 0 is as many
	// as are made in the unbonding time.
	EvidenceBlocks int64
	Indexer        string
	Pruning        string
}

// plan is what the options come to once they have been read and checked.
type plan struct {
	Options
	accounts    []account
	genesisTime time.Time
	pruning     pruningPlan
}

type account struct {
	name     string
	mnemonic string
	coins    sdk.Coins
}

type pruningPlan struct {
	strategy   string
	keepRecent string
	interval   string
}

// validatorName is the name of the validator's key in the keyring, which is
// why no account may be called the same.
const validatorName = "validator"

func (o Options) check() (*plan, error) {
	p := &plan{Options: o, genesisTime: time.Now().UTC()}
	required := []struct{ flag, value string }{
		{"home", o.Home}, {"chain-id", o.ChainID}, {"prefix", o.Prefix}, {"stake-denom", o.StakeDenom},
	}
	for _, r := range required {
		if r.value == "" {
			return nil, fmt.Errorf("--%s is required", r.flag)
		}
	}
	if _, err := os.Lstat(o.Home); !errors.Is(err, os.ErrNotExist) {
		entries, err := os.ReadDir(o.Home)
		if err != nil {
			return nil, fmt.Errorf("home %s: %w", o.Home, err)
		}
		if len(entries) > 0 {
			return nil, fmt.Errorf("home %s already exists and is not empty: refusing to overwrite it", o.Home)
		}
	}
	if err := sdk.ValidateDenom(o.StakeDenom); err != nil {
		return nil, fmt.Errorf("--stake-denom: %w", err)
	}
	for flag, d := range map[string]time.Duration{
		"block-time": o.BlockTime, "unbonding": o.Unbonding, "max-expected-time-per-block": o.MaxPerBlock,
	} {
		if d <= 0 {
			return nil, fmt.Errorf("--%s must be positive", flag)
		}
	}
	if o.MaxBlockGas < -1 {
		return nil, errors.New("--max-block-gas must be -1 (no limit) or more")
	}
	if o.EvidenceBlocks < 0 {
		return nil, errors.New("--evidence-blocks must not be negative")
	}
	if o.Indexer != "kv" && o.Indexer != "null" {
		return nil, fmt.Errorf("--indexer must be kv or null, not %q", o.Indexer)
	}
	if o.GenesisTime != "" {
		t, err := time.Parse(time.RFC3339Nano, o.GenesisTime)
		if err != nil {
			return nil, fmt.Errorf("--genesis-time: %w", err)
		}
		p.genesisTime = t.UTC()
	}
	// The server refuses to start without any price, even if all are welcome.
	if p.MinGasPrices == "" {
		p.MinGasPrices = "0" + o.StakeDenom
	}
	if _, err := sdk.ParseDecCoins(p.MinGasPrices); err != nil {
		return nil, fmt.Errorf("--min-gas-prices: %w", err)
	}
	var err error
	if p.pruning, err = parsePruning(o.Pruning); err != nil {
		return nil, err
	}
	if p.accounts, err = parseAccounts(o.Accounts); err != nil {
		return nil, err
	}
	return p, nil
}

func parsePruning(text string) (pruningPlan, error) {
	strategy, keep, custom := strings.Cut(text, ":")
	switch {
	case !custom && (strategy == pruning.PruningOptionDefault ||
		strategy == pruning.PruningOptionNothing || strategy == pruning.PruningOptionEverything):
		return pruningPlan{strategy: strategy, keepRecent: "0", interval: "0"}, nil
	case custom && strategy == pruning.PruningOptionCustom:
		n, err := strconv.ParseUint(keep, 10, 64)
		if err != nil || n < 2 {
			return pruningPlan{}, fmt.Errorf("--pruning custom:N needs a number of at least 2, not %q", keep)
		}
		// Ten is the smallest interval the store accepts.
		return pruningPlan{strategy: strategy, keepRecent: keep, interval: "10"}, nil
	default:
		return pruningPlan{}, fmt.Errorf("--pruning must be default, nothing, everything or custom:N, not %q", text)
	}
}

func parseAccounts(texts []string) ([]account, error) {
	accounts := make([]account, 0, len(texts))
	names := map[string]bool{validatorName: true}
	for _, text := range texts {
		// A path may contain "=", a name and coins cannot.
		name, rest, _ := strings.Cut(text, "=")
		cut := strings.LastIndex(rest, "=")
		if name == "" || cut < 1 {
			return nil, fmt.Errorf("--account %q is not of the form NAME=MNEMONIC_FILE=COINS", text)
		}
		if names[name] {
			return nil, fmt.Errorf("--account %s: the name is taken", name)
		}
		names[name] = true
		raw, err := os.ReadFile(rest[:cut])
		if err != nil {
			return nil, fmt.Errorf("--account %s: %w", name, err)
		}
		mnemonic := strings.Join(strings.Fields(string(raw)), " ")
		if !bip39.IsMnemonicValid(mnemonic) {
			// The words themselves stay out of the message: they are a secret.
			return nil, fmt.Errorf("--account %s: %s holds no valid mnemonic", name, rest[:cut])
		}
		coins, err := sdk.ParseCoinsNormalized(rest[cut+1:])
		if err != nil {
			return nil, fmt.Errorf("--account %s: %w", name, err)
		}
		accounts = append(accounts, account{name: name, mnemonic: mnemonic, coins: coins})
	}
	return accounts, nil
}
