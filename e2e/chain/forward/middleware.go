// Package forward sends tokens on that arrive with a memo such as
//
//	{"forward":{"receiver":"osmo1…","port":"transfer","channel":"channel-1","timeout":"10m"}}
//
// It does on chain what packet-forward-middleware does, whose module for this
// version of ibc-go is not to be had: the next packet is sent in the
// transaction that brings the first, the first is acknowledged when the next
// one is, and a failure of the next goes back as a failure of the first. It
// sends nothing again after a timeout.
package forward

import (
	"encoding/json"
	"fmt"
	"time"

	"cosmossdk.io/core/store"
	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/address"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"

	transferkeeper "github.com/cosmos/ibc-go/v10/modules/apps/transfer/keeper"
	transfertypes "github.com/cosmos/ibc-go/v10/modules/apps/transfer/types"
	clienttypes "github.com/cosmos/ibc-go/v10/modules/core/02-client/types"
	channelkeeper "github.com/cosmos/ibc-go/v10/modules/core/04-channel/keeper"
	channeltypes "github.com/cosmos/ibc-go/v10/modules/core/04-channel/types"
	porttypes "github.com/cosmos/ibc-go/v10/modules/core/05-port/types"
	"github.com/cosmos/ibc-go/v10/modules/core/exported"
)

// StoreKey names the store of the packets whose next packet is on its way.
const StoreKey = "forward"

// Middleware is above the transfer application.
type Middleware struct {
	porttypes.IBCModule

	store    store.KVStoreService
	bank     bankkeeper.Keeper
	transfer transferkeeper.Keeper
	channels *channelkeeper.Keeper
}

// NewMiddleware puts forwarding above the transfer application.
func NewMiddleware(
	app porttypes.IBCModule,
	store store.KVStoreService,
	bank bankkeeper.Keeper,
	transfer transferkeeper.Keeper,
	channels *channelkeeper.Keeper,
) Middleware {
	return Middleware{IBCModule: app, store: store, bank: bank, transfer: transfer, channels: channels}
}

type memo struct {
	Forward *struct {
		Receiver string          `json:"receiver"`
		Port     string          `json:"port"`
		Channel  string          `json:"channel"`
		Timeout  string          `json:"timeout"`
		Next     json.RawMessage `json:"next"`
	} `json:"forward"`
}

// OnRecvPacket lets the application pay the tokens to an account that nobody
// has the key of, and sends them on from there.
func (m Middleware) OnRecvPacket(
	ctx sdk.Context, version string, packet channeltypes.Packet, relayer sdk.AccAddress,
) exported.Acknowledgement {
	var data transfertypes.FungibleTokenPacketData
	var memo memo
	if json.Unmarshal(packet.Data, &data) != nil ||
		json.Unmarshal([]byte(data.Memo), &memo) != nil || memo.Forward == nil {
		return m.IBCModule.OnRecvPacket(ctx, version, packet, relayer)
	}
	between := between(packet.DestinationChannel, data.Sender)
	token, err := arriving(packet, data)
	if err != nil {
		return channeltypes.NewErrorAcknowledgement(err)
	}
	timeout, err := time.ParseDuration(memo.Forward.Timeout)
	if err != nil {
		return channeltypes.NewErrorAcknowledgement(err)
	}

	paid := packet
	data.Receiver, data.Memo = between.String(), ""
	paid.Data = data.GetBytes()
	if ack := m.IBCModule.OnRecvPacket(ctx, version, paid, relayer); !ack.Success() {
		return ack
	}
	next := transfertypes.NewMsgTransfer(
		memo.Forward.Port, memo.Forward.Channel, token, between.String(), memo.Forward.Receiver,
		clienttypes.ZeroHeight(), uint64(ctx.BlockTime().Add(timeout).UnixNano()),
		string(memo.Forward.Next))
	sent, err := m.transfer.Transfer(ctx, next)
	if err != nil {
		return channeltypes.NewErrorAcknowledgement(err)
	}
	first, err := packet.Marshal()
	if err != nil {
		return channeltypes.NewErrorAcknowledgement(err)
	}
	key := key(memo.Forward.Port, memo.Forward.Channel, sent.Sequence)
	if err := m.store.OpenKVStore(ctx).Set(key, first); err != nil {
		return channeltypes.NewErrorAcknowledgement(err)
	}
	return nil
}

// OnAcknowledgementPacket answers the first packet as the next one was.
func (m Middleware) OnAcknowledgementPacket(
	ctx sdk.Context, version string, packet channeltypes.Packet, bytes []byte, relayer sdk.AccAddress,
) error {
	if err := m.IBCModule.OnAcknowledgementPacket(ctx, version, packet, bytes, relayer); err != nil {
		return err
	}
	var ack channeltypes.Acknowledgement
	if err := channeltypes.SubModuleCdc.UnmarshalJSON(bytes, &ack); err != nil {
		return err
	}
	return m.answer(ctx, packet, ack)
}

// OnTimeoutPacket answers the first packet with a failure.
func (m Middleware) OnTimeoutPacket(
	ctx sdk.Context, version string, packet channeltypes.Packet, relayer sdk.AccAddress,
) error {
	if err := m.IBCModule.OnTimeoutPacket(ctx, version, packet, relayer); err != nil {
		return err
	}
	late := fmt.Errorf("packet %d on %s timed out", packet.Sequence, packet.SourceChannel)
	return m.answer(ctx, packet, channeltypes.NewErrorAcknowledgement(late))
}

// answer acknowledges the packet that this one was sent because of, if there is
// one. After a failure the application has paid the tokens back to the account
// in between; from there they go where they were before the first packet came.
func (m Middleware) answer(ctx sdk.Context, packet channeltypes.Packet, ack channeltypes.Acknowledgement) error {
	store := m.store.OpenKVStore(ctx)
	key := key(packet.SourcePort, packet.SourceChannel, packet.Sequence)
	bytes, err := store.Get(key)
	if err != nil || bytes == nil {
		return err
	}
	if err := store.Delete(key); err != nil {
		return err
	}
	var first channeltypes.Packet
	if err := first.Unmarshal(bytes); err != nil {
		return err
	}
	if !ack.Success() {
		if err := m.giveBack(ctx, first); err != nil {
			return err
		}
	}
	return m.channels.WriteAcknowledgement(ctx, first, ack)
}

func (m Middleware) giveBack(ctx sdk.Context, first channeltypes.Packet) error {
	var data transfertypes.FungibleTokenPacketData
	if err := json.Unmarshal(first.Data, &data); err != nil {
		return err
	}
	coin, err := arriving(first, data)
	if err != nil {
		return err
	}
	between := between(first.DestinationChannel, data.Sender)
	coins := sdk.NewCoins(coin)
	denom := transfertypes.ExtractDenomFromPath(data.Denom)
	if denom.HasPrefix(first.SourcePort, first.SourceChannel) {
		// A coin of this chain: it was in escrow.
		escrow := transfertypes.GetEscrowAddress(first.DestinationPort, first.DestinationChannel)
		total := m.transfer.GetTotalEscrowForDenom(ctx, coin.Denom)
		m.transfer.SetTotalEscrowForDenom(ctx, total.Add(coin))
		return m.bank.SendCoins(ctx, between, escrow, coins)
	}
	// A voucher: it was minted.
	if err := m.bank.SendCoinsFromAccountToModule(ctx, between, transfertypes.ModuleName, coins); err != nil {
		return err
	}
	return m.bank.BurnCoins(ctx, transfertypes.ModuleName, coins)
}

// arriving is the coin that a packet brings, as this chain calls it.
func arriving(packet channeltypes.Packet, data transfertypes.FungibleTokenPacketData) (sdk.Coin, error) {
	amount, ok := sdkmath.NewIntFromString(data.Amount)
	if !ok {
		return sdk.Coin{}, fmt.Errorf("`%s` is not an amount", data.Amount)
	}
	denom := transfertypes.ExtractDenomFromPath(data.Denom)
	if denom.HasPrefix(packet.SourcePort, packet.SourceChannel) {
		denom.Trace = denom.Trace[1:]
	} else {
		hop := transfertypes.NewHop(packet.DestinationPort, packet.DestinationChannel)
		denom.Trace = append([]transfertypes.Hop{hop}, denom.Trace...)
	}
	return sdk.NewCoin(denom.IBCDenom(), amount), nil
}

// between is the account that has the tokens in between.
func between(channel, sender string) sdk.AccAddress {
	return address.Hash(StoreKey, []byte(channel+"/"+sender))[:20]
}

func key(port, channel string, sequence uint64) []byte {
	return fmt.Appendf(nil, "%s/%s/%d", port, channel, sequence)
}
