// Package messages writes the fixtures that Tern's message encoder is compared
// with: the same values, encoded by ibc-go.
//
// `go test ./messages` checks that the file is as ibc-go would write it now;
// `TERN_UPDATE_FIXTURES=1 go test ./messages` writes it.
package messages

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/gogoproto/proto"
	clienttypes "github.com/cosmos/ibc-go/v10/modules/core/02-client/types"
	connectiontypes "github.com/cosmos/ibc-go/v10/modules/core/03-connection/types"
	channeltypes "github.com/cosmos/ibc-go/v10/modules/core/04-channel/types"
	commitmenttypes "github.com/cosmos/ibc-go/v10/modules/core/23-commitment/types"
)

const (
	file   = "../../../chains/cosmos/core/src/msg/fixtures.txt"
	signer = "cosmos1signer"
)

var proofHeight = clienttypes.NewHeight(4, 1234)

func opaque(name string) *codectypes.Any {
	return &codectypes.Any{TypeUrl: "/test." + name, Value: []byte(name)}
}

func counterparty(connectionID string) connectiontypes.Counterparty {
	prefix := commitmenttypes.NewMerklePrefix([]byte("ibc"))
	return connectiontypes.NewCounterparty("07-tendermint-7", connectionID, prefix)
}

func messages() []proto.Message {
	version := connectiontypes.NewVersion("1", []string{"ORDER_ORDERED", "ORDER_UNORDERED"})
	packet := channeltypes.NewPacket(
		[]byte(`{"amount":"1"}`), 17, "transfer", "channel-3", "icahost", "channel-141",
		clienttypes.NewHeight(1, 2000), 1_700_000_000_000_000_001,
	)
	return []proto.Message{
		&clienttypes.MsgCreateClient{
			ClientState: opaque("clientState"), ConsensusState: opaque("consensusState"), Signer: signer,
		},
		&clienttypes.MsgUpdateClient{
			ClientId: "07-tendermint-3", ClientMessage: opaque("header"), Signer: signer,
		},
		&clienttypes.MsgUpgradeClient{
			ClientId: "07-tendermint-3", ClientState: opaque("clientState"),
			ConsensusState: opaque("consensusState"), ProofUpgradeClient: []byte("proofUpgradeClient"),
			ProofUpgradeConsensusState: []byte("proofUpgradeConsensus"), Signer: signer,
		},
		&connectiontypes.MsgConnectionOpenInit{
			ClientId: "07-tendermint-3", Counterparty: counterparty(""), DelayPeriod: 5,
			Signer: signer,
		},
		&connectiontypes.MsgConnectionOpenTry{
			ClientId: "07-tendermint-3", ClientState: opaque("clientState"),
			Counterparty: counterparty("connection-8"), DelayPeriod: 5,
			CounterpartyVersions: []*connectiontypes.Version{version},
			ProofHeight:          proofHeight, ProofInit: []byte("proofInit"),
			ProofClient: []byte("proofClient"), ProofConsensus: []byte("proofConsensus"),
			ConsensusHeight: clienttypes.NewHeight(2, 99), Signer: signer,
		},
		&connectiontypes.MsgConnectionOpenAck{
			ConnectionId: "connection-2", CounterpartyConnectionId: "connection-8", Version: version,
			ClientState: opaque("clientState"), ProofHeight: proofHeight, ProofTry: []byte("proofTry"),
			ProofClient: []byte("proofClient"), ProofConsensus: []byte("proofConsensus"),
			ConsensusHeight: clienttypes.NewHeight(2, 99), Signer: signer,
		},
		&connectiontypes.MsgConnectionOpenConfirm{
			ConnectionId: "connection-2", ProofAck: []byte("proofAck"), ProofHeight: proofHeight,
			Signer: signer,
		},
		&channeltypes.MsgChannelOpenInit{
			PortId: "transfer",
			Channel: channeltypes.Channel{
				State: channeltypes.INIT, Ordering: channeltypes.ORDERED,
				Counterparty:   channeltypes.NewCounterparty("icahost", ""),
				ConnectionHops: []string{"connection-2"}, Version: "ics20-1",
			},
			Signer: signer,
		},
		&channeltypes.MsgChannelOpenTry{
			PortId: "transfer",
			Channel: channeltypes.Channel{
				State: channeltypes.TRYOPEN, Ordering: channeltypes.UNORDERED,
				Counterparty:   channeltypes.NewCounterparty("icahost", "channel-141"),
				ConnectionHops: []string{"connection-2"},
			},
			CounterpartyVersion: "ics20-1", ProofInit: []byte("proofInit"), ProofHeight: proofHeight,
			Signer: signer,
		},
		&channeltypes.MsgChannelOpenAck{
			PortId: "transfer", ChannelId: "channel-3", CounterpartyChannelId: "channel-141",
			CounterpartyVersion: "ics20-1", ProofTry: []byte("proofTry"), ProofHeight: proofHeight,
			Signer: signer,
		},
		&channeltypes.MsgChannelOpenConfirm{
			PortId: "transfer", ChannelId: "channel-3", ProofAck: []byte("proofAck"),
			ProofHeight: proofHeight, Signer: signer,
		},
		&channeltypes.MsgChannelCloseInit{PortId: "transfer", ChannelId: "channel-3", Signer: signer},
		&channeltypes.MsgChannelCloseConfirm{
			PortId: "transfer", ChannelId: "channel-3", ProofInit: []byte("proofInit"),
			ProofHeight: proofHeight, Signer: signer,
		},
		&channeltypes.MsgRecvPacket{
			Packet: packet, ProofCommitment: []byte("proofCommitment"), ProofHeight: proofHeight,
			Signer: signer,
		},
		&channeltypes.MsgAcknowledgement{
			Packet: packet, Acknowledgement: []byte(`{"result":"AQ=="}`), ProofAcked: []byte("proofAcked"),
			ProofHeight: proofHeight, Signer: signer,
		},
		&channeltypes.MsgTimeout{
			Packet: packet, ProofUnreceived: []byte("proofUnreceived"), ProofHeight: proofHeight,
			NextSequenceRecv: 17, Signer: signer,
		},
		&channeltypes.MsgTimeoutOnClose{
			Packet: packet, ProofUnreceived: []byte("proofUnreceived"), ProofClose: []byte("proofClose"),
			ProofHeight: proofHeight, NextSequenceRecv: 17, Signer: signer,
		},
	}
}

func TestFixturesAreWhatIbcGoEncodes(t *testing.T) {
	var text strings.Builder
	text.WriteString("# Messages as ibc-go encodes them; e2e/chain/messages/fixtures_test.go writes this file.\n")
	for _, message := range messages() {
		bytes, err := proto.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		name := proto.MessageName(message)
		name = name[strings.LastIndex(name, ".")+1:]
		fmt.Fprintf(&text, "%s %s\n", name, hex.EncodeToString(bytes))
	}
	if os.Getenv("TERN_UPDATE_FIXTURES") != "" {
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != text.String() {
		t.Fatalf("%s differs: run the test with TERN_UPDATE_FIXTURES=1", file)
	}
}
