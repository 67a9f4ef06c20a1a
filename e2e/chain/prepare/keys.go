package prepare

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/cometbft/cometbft/crypto/ed25519"

	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"tern.local/e2e/chain/settings"
)

// keySet holds every private key of a chain.
type keySet struct {
	consensus ed25519.PrivKey    // signs blocks
	node      ed25519.PrivKey    // identifies the node among its peers
	operator  *secp256k1.PrivKey // owns the validator and its stake
	accounts  map[string]sdk.AccAddress
}

// newKeys makes all keys. Those nobody brings along follow from the chain id,
// so that preparing the same chain twice gives the same chain.
func newKeys(p *plan) (*keySet, error) {
	seed := func(purpose string) []byte {
		sum := sha256.Sum256([]byte("tern e2e chain/" + purpose + "/" + p.ChainID))
		return sum[:]
	}
	keys := &keySet{
		consensus: ed25519.GenPrivKeyFromSecret(seed("consensus")),
		node:      ed25519.GenPrivKeyFromSecret(seed("node")),
		operator:  secp256k1.GenPrivKeyFromSecret(seed("operator")),
		accounts:  make(map[string]sdk.AccAddress, len(p.accounts)),
	}
	taken := map[string]string{keys.operatorAddress().String(): validatorName}
	for _, a := range p.accounts {
		private, err := hd.Secp256k1.Derive()(a.mnemonic, "", hdPath())
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", a.name, err)
		}
		var key cryptotypes.PrivKey = hd.Secp256k1.Generate()(private)
		address := sdk.AccAddress(key.PubKey().Address())
		if other, ok := taken[address.String()]; ok {
			return nil, fmt.Errorf("accounts %s and %s have the same mnemonic", other, a.name)
		}
		taken[address.String()] = a.name
		keys.accounts[a.name] = address
	}
	return keys, nil
}

func hdPath() string {
	return hd.CreateHDPath(settings.CoinType, 0, 0).String()
}

func (k *keySet) operatorAddress() sdk.AccAddress {
	return sdk.AccAddress(k.operator.PubKey().Address())
}

// writeKeyring puts the account keys where "tx ... --from NAME" finds them.
// The "test" backend has no passphrase, as fits keys that are worth nothing.
func writeKeyring(p *plan, keys *keySet, cdc codec.Codec) error {
	ring, err := keyring.New(sdk.KeyringServiceName(), keyring.BackendTest, p.Home, nil, cdc)
	if err != nil {
		return err
	}
	for _, a := range p.accounts {
		if _, err := ring.NewAccount(a.name, a.mnemonic, "", hdPath(), hd.Secp256k1); err != nil {
			return fmt.Errorf("account %s: %w", a.name, err)
		}
	}
	return ring.ImportPrivKeyHex(validatorName, hex.EncodeToString(keys.operator.Key), string(hd.Secp256k1Type))
}
