package app

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"

	ibcante "github.com/cosmos/ibc-go/v10/modules/core/ante"
)

// newAnteHandler is the SDK's usual list of checks before a transaction runs,
// with fee grants, and with ibc-go's check at its end.
//
// The SDK has a constructor for its list but none to add to it, so the list is
// spelled out. The last entry turns away transactions whose packets another
// relayer already delivered: real chains have it, and a relayer has to live
// with the error it gives.
func (a *App) newAnteHandler() sdk.AnteHandler {
	k := &a.keepers
	return sdk.ChainAnteDecorators(
		ante.NewSetUpContextDecorator(), // has to come first: it sets the gas meter
		ante.NewExtensionOptionsDecorator(nil),
		ante.NewValidateBasicDecorator(),
		ante.NewTxTimeoutHeightDecorator(),
		ante.NewValidateMemoDecorator(k.account),
		ante.NewConsumeGasForTxSizeDecorator(k.account),
		ante.NewDeductFeeDecorator(k.account, k.bank, k.feegrant, nil),
		ante.NewSetPubKeyDecorator(k.account), // before anything that verifies signatures
		ante.NewValidateSigCountDecorator(k.account),
		ante.NewSigGasConsumeDecorator(k.account, ante.DefaultSigVerificationGasConsumer),
		ante.NewSigVerificationDecorator(k.account, a.txConfig.SignModeHandler()),
		ante.NewIncrementSequenceDecorator(k.account),
		ibcante.NewRedundantRelayDecorator(k.ibc),
	)
}
