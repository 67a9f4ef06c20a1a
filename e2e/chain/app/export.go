package app

import (
	"encoding/json"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
)

// Export tells the newest state as a genesis that another revision of the chain
// can start with. What the upgrade module has is no part of it.
func (a *App) Export(modules []string) (servertypes.ExportedApp, error) {
	ctx := a.NewContextLegacy(true, cmtproto.Header{Height: a.LastBlockHeight()})
	state, err := a.modules.ExportGenesisForModules(ctx, a.codec, modules)
	if err != nil {
		return servertypes.ExportedApp{}, err
	}
	raw, err := json.MarshalIndent(state, "", " ")
	if err != nil {
		return servertypes.ExportedApp{}, err
	}
	validators, err := staking.WriteValidators(ctx, a.keepers.staking)
	return servertypes.ExportedApp{
		AppState:        raw,
		Validators:      validators,
		Height:          a.LastBlockHeight() + 1,
		ConsensusParams: a.GetConsensusParams(ctx),
	}, err
}
