package prepare

import (
	"context"
	"encoding/json"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/tx"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
)

// selfDelegation is the validator's whole fortune: 100 units of voting power.
// It is all bonded at genesis, so it never shows up as a spendable balance.
func selfDelegation(p *plan) sdk.Coin {
	return sdk.NewCoin(p.StakeDenom, sdk.DefaultPowerReduction.MulRaw(100))
}

// gentxGas is more than creating a validator takes. No fee is paid for it.
const gentxGas = 300_000

// newGentx signs the transaction in the genesis that creates the validator.
func newGentx(p *plan, keys *keySet, txConfig client.TxConfig) (json.RawMessage, error) {
	consensus, err := cryptocodec.FromCmtPubKeyInterface(keys.consensus.PubKey())
	if err != nil {
		return nil, err
	}
	none := math.LegacyZeroDec()
	msg, err := stakingtypes.NewMsgCreateValidator(
		sdk.ValAddress(keys.operatorAddress()).String(), consensus, selfDelegation(p),
		stakingtypes.NewDescription(validatorName, "", "", "", ""),
		stakingtypes.NewCommissionRates(none, none, none), math.OneInt(),
	)
	if err != nil {
		return nil, err
	}
	builder := txConfig.NewTxBuilder()
	if err := builder.SetMsgs(msg); err != nil {
		return nil, err
	}
	builder.SetGasLimit(gentxGas)

	// The mode and key are part of what is signed, so they have to be in place
	// before the signature itself can be made.
	mode := signing.SignMode_SIGN_MODE_DIRECT
	placeholder := signing.SignatureV2{
		PubKey: keys.operator.PubKey(),
		Data:   &signing.SingleSignatureData{SignMode: mode},
	}
	if err := builder.SetSignatures(placeholder); err != nil {
		return nil, err
	}
	// At genesis every account's number counts as zero when signatures are
	// verified.
	signer := authsigning.SignerData{
		Address: keys.operatorAddress().String(),
		ChainID: p.ChainID,
		PubKey:  keys.operator.PubKey(),
	}
	signature, err := tx.SignWithPrivKey(
		context.Background(), mode, signer, builder, keys.operator, txConfig, signer.Sequence)
	if err != nil {
		return nil, err
	}
	if err := builder.SetSignatures(signature); err != nil {
		return nil, err
	}
	return txConfig.TxJSONEncoder()(builder.GetTx())
}
