// Package settings keeps the few facts about a chain that the SDK's own
// configuration files have no place for.
//
// They are written once by the prepare command and read back by every other
// command, so that "start --home H" needs no further flags.
package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// DefaultPrefix is used for commands which run without a prepared home, such
// as a query against a node elsewhere.
const DefaultPrefix = "cosmos"

// CoinType is the one HD coin type of every chain this binary can be.
const CoinType = 118

// Settings describe what makes one chain's binary behaviour differ from
// another's.
type Settings struct {
	// Prefix is the Bech32 prefix of account addresses.
	Prefix string `json:"prefix"`
	// Authority is the account that may do what governance does elsewhere:
	// recover clients, change parameters, schedule upgrades. Empty means that
	// nobody can.
	Authority string `json:"authority,omitempty"`
}

func path(home string) string {
	return filepath.Join(home, "config", "chaind.json")
}

// Load reads the settings of a prepared home. The second result is false, with
// defaults in the first, when the home was never prepared.
func Load(home string) (Settings, bool, error) {
	raw, err := os.ReadFile(path(home))
	if errors.Is(err, fs.ErrNotExist) {
		return Settings{Prefix: DefaultPrefix}, false, nil
	}
	if err != nil {
		return Settings{}, false, err
	}
	var s Settings
	if err := json.Unmarshal(raw, &s); err != nil {
		return Settings{}, false, fmt.Errorf("%s: %w", path(home), err)
	}
	if s.Prefix == "" {
		return Settings{}, false, fmt.Errorf("%s: no prefix", path(home))
	}
	return s, true, nil
}

// Save writes the settings into a home whose config directory exists.
func (s Settings) Save(home string) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path(home), append(raw, '\n'), 0o644)
}

// ApplyPrefix makes the SDK print and read addresses with the given prefix.
//
// The SDK keeps the prefix in a process-wide variable and caches printed
// addresses, so this has to happen before any address is turned into text.
func ApplyPrefix(prefix string) {
	cfg := sdk.GetConfig()
	cfg.SetBech32PrefixForAccount(prefix, prefix+sdk.PrefixPublic)
	cfg.SetBech32PrefixForValidator(
		prefix+sdk.PrefixValidator+sdk.PrefixOperator,
		prefix+sdk.PrefixValidator+sdk.PrefixOperator+sdk.PrefixPublic,
	)
	cfg.SetBech32PrefixForConsensusNode(
		prefix+sdk.PrefixValidator+sdk.PrefixConsensus,
		prefix+sdk.PrefixValidator+sdk.PrefixConsensus+sdk.PrefixPublic,
	)
	cfg.SetCoinType(CoinType)
}
