// Package mockport binds an application with no meaning of its own to the port
// "mock", for tests that are about channels and packets rather than coins.
//
// It takes ordered and unordered channels of any version and lets anybody open
// and close them. What an arriving packet is answered with is up to its data,
// see the Data constants, so that the sender picks the outcome. MsgSend puts a
// packet of arbitrary data on a channel.
package mockport

import (
	sdk "github.com/cosmos/cosmos-sdk/types"

	channeltypes "github.com/cosmos/ibc-go/v10/modules/core/04-channel/types"
	"github.com/cosmos/ibc-go/v10/modules/core/exported"
	ibcmock "github.com/cosmos/ibc-go/v10/testing/mock"
)

const (
	// ModuleName is the name of the module in the manager.
	ModuleName = ibcmock.ModuleName
	// PortID is the port other chains address.
	PortID = ibcmock.PortID
)

// Packets with this data get an answer other than success. They are the texts
// that ibc-go's own mock application reacts to.
var (
	// DataFail is answered with an error acknowledgement.
	DataFail = ibcmock.MockFailPacketData
	// DataAsync is received but never acknowledged.
	DataAsync = ibcmock.MockAsyncPacketData
)

// NewIBCModule is ibc-go's mock application with two differences: it settles
// on whatever version the other side proposed, and it acknowledges data that
// it does not know with success instead of failure.
func NewIBCModule() ibcmock.IBCModule {
	app := ibcmock.NewIBCApp(PortID)
	app.OnChanOpenTry = func(
		_ sdk.Context, _ channeltypes.Order, _ []string, _, _ string,
		_ channeltypes.Counterparty, counterpartyVersion string,
	) (string, error) {
		return counterpartyVersion, nil
	}
	app.OnRecvPacket = func(
		ctx sdk.Context, _ string, packet channeltypes.Packet, _ sdk.AccAddress,
	) exported.Acknowledgement {
		ctx.EventManager().EmitEvent(ibcmock.NewMockRecvPacketEvent())
		switch string(packet.GetData()) {
		case string(DataFail):
			return ibcmock.MockFailAcknowledgement
		case string(DataAsync):
			return nil
		default:
			return ibcmock.MockAcknowledgement
		}
	}
	return ibcmock.NewIBCModule(&ibcmock.AppModule{}, app)
}
