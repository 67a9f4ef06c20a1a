package prepare

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	genesistypes "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/genesis/types"
	hosttypes "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/host/types"
	icatypes "github.com/cosmos/ibc-go/v10/modules/apps/27-interchain-accounts/types"
	transfertypes "github.com/cosmos/ibc-go/v10/modules/apps/transfer/types"
	clienttypes "github.com/cosmos/ibc-go/v10/modules/core/02-client/types"
	ibcexported "github.com/cosmos/ibc-go/v10/modules/core/exported"
	ibctypes "github.com/cosmos/ibc-go/v10/modules/core/types"

	"tern.local/e2e/chain/app"
)

// historicalEntries is how many past headers the chain remembers. It matches
// what public chains are set to.
const historicalEntries = 10000

// newGenesis writes down the first state of the chain.
func newGenesis(p *plan, keys *keySet, chain *app.App) (*genutiltypes.AppGenesis, error) {
	state := chain.DefaultGenesis()
	cdc := chain.Codec()
	signed, err := newGentx(p, keys, chain.TxConfig())
	if err != nil {
		return nil, fmt.Errorf("validator: %w", err)
	}

	// The accounts in the order they were named, the validator's after them:
	// account numbers then are what one expects.
	var accounts authtypes.GenesisAccounts
	var balances []banktypes.Balance
	add := func(address sdk.AccAddress, coins sdk.Coins) {
		accounts = append(accounts, authtypes.NewBaseAccount(address, nil, uint64(len(accounts)), 0))
		balances = append(balances, banktypes.Balance{Address: address.String(), Coins: coins})
	}
	for _, a := range p.accounts {
		add(keys.accounts[a.name], a.coins)
	}
	add(keys.operatorAddress(), sdk.NewCoins(selfDelegation(p)))
	packed, err := authtypes.PackAccounts(accounts)
	if err != nil {
		return nil, err
	}

	edits := []func() error{
		edit(cdc, state, authtypes.ModuleName, func(g *authtypes.GenesisState) { g.Accounts = packed }),
		edit(cdc, state, banktypes.ModuleName, func(g *banktypes.GenesisState) {
			g.Balances = balances // the supply is their sum when left out
			g.DenomMetadata = units(balances)
		}),
		edit(cdc, state, stakingtypes.ModuleName, func(g *stakingtypes.GenesisState) {
			g.Params.BondDenom = p.StakeDenom
			g.Params.UnbondingTime = p.Unbonding
			g.Params.HistoricalEntries = historicalEntries
		}),
		edit(cdc, state, genutiltypes.ModuleName, func(g *genutiltypes.GenesisState) {
			g.GenTxs = []json.RawMessage{signed}
		}),
		edit(cdc, state, ibcexported.ModuleName, func(g *ibctypes.GenesisState) {
			g.ClientGenesis.Params.AllowedClients = []string{clienttypes.AllowAllClients}
			g.ConnectionGenesis.Params.MaxExpectedTimePerBlock = uint64(p.MaxPerBlock)
		}),
		edit(cdc, state, transfertypes.ModuleName, func(g *transfertypes.GenesisState) {
			g.Params = transfertypes.NewParams(true, true)
		}),
		edit(cdc, state, icatypes.ModuleName, func(g *genesistypes.GenesisState) {
			g.ControllerGenesisState.Params.ControllerEnabled = true
			g.HostGenesisState.Params = hosttypes.NewParams(true, []string{hosttypes.AllowAllHostMsgs})
		}),
	}
	for _, apply := range edits {
		if err := apply(); err != nil {
			return nil, err
		}
	}
	if err := chain.Basics().ValidateGenesis(cdc, chain.TxConfig(), state); err != nil {
		return nil, err
	}
	raw, err := json.MarshalIndent(state, "", " ")
	if err != nil {
		return nil, err
	}

	return &genutiltypes.AppGenesis{
		AppName:       app.Name,
		GenesisTime:   p.genesisTime,
		ChainID:       p.ChainID,
		InitialHeight: 1,
		AppState:      raw,
		Consensus:     &genutiltypes.ConsensusGenesis{Params: consensusParams(p)},
	}, nil
}

// edit changes one module's part of the state, through its own type so that a
// misspelt or vanished field is noticed when this is compiled.
func edit[T any, P interface {
	*T
	proto.Message
}](cdc codec.JSONCodec, state map[string]json.RawMessage, module string, change func(P)) func() error {
	return func() error {
		part := P(new(T))
		if err := cdc.UnmarshalJSON(state[module], part); err != nil {
			return fmt.Errorf("genesis of %s: %w", module, err)
		}
		change(part)
		raw, err := cdc.MarshalJSON(part)
		if err != nil {
			return fmt.Errorf("genesis of %s: %w", module, err)
		}
		state[module] = raw
		return nil
	}
}

func consensusParams(p *plan) *cmttypes.ConsensusParams {
	params := cmttypes.DefaultConsensusParams()
	params.Block.MaxGas = p.MaxBlockGas
	// Evidence of misbehaviour is good for as long as the guilty stake is still
	// within reach, on a chain that means business.
	params.Evidence.MaxAgeDuration = p.Unbonding
	params.Evidence.MaxAgeNumBlocks = max(1, int64(p.Unbonding/max(p.BlockTime, time.Millisecond)))
	if p.EvidenceBlocks > 0 {
		params.Evidence.MaxAgeNumBlocks = p.EvidenceBlocks
	}
	return params
}

// units tells in what people say amounts: AKT is a million uakt.
func units(balances []banktypes.Balance) []banktypes.Metadata {
	var all sdk.Coins
	for _, balance := range balances {
		all = all.Add(balance.Coins...)
	}
	var units []banktypes.Metadata
	for _, coin := range all {
		display, isMicro := strings.CutPrefix(coin.Denom, "u")
		// USDX is called so in whole.
		if !isMicro || strings.HasPrefix(coin.Denom, "usd") {
			continue
		}
		units = append(units, banktypes.Metadata{
			Base: coin.Denom, Display: display,
			Name: strings.ToUpper(display), Symbol: strings.ToUpper(display),
			DenomUnits: []*banktypes.DenomUnit{{Denom: coin.Denom}, {Denom: display, Exponent: 6}},
		})
	}
	return units
}
