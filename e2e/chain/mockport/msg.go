package mockport

import (
	"context"

	gogoproto "github.com/cosmos/gogoproto/proto"
	"google.golang.org/grpc"

	sdk "github.com/cosmos/cosmos-sdk/types"

	clienttypes "github.com/cosmos/ibc-go/v10/modules/core/02-client/types"
	channelkeeper "github.com/cosmos/ibc-go/v10/modules/core/04-channel/keeper"
)

// MsgSend asks for a packet to be sent from the mock port. At least one of the
// two timeouts has to be set, as for every packet.
//
// The tags are what the protobuf library encodes by; they have to agree with
// the descriptor.
type MsgSend struct {
	Sender                string `protobuf:"bytes,1,opt,name=sender,proto3" json:"sender,omitempty"`
	Channel               string `protobuf:"bytes,2,opt,name=channel,proto3" json:"channel,omitempty"`
	Data                  []byte `protobuf:"bytes,3,opt,name=data,proto3" json:"data,omitempty"`
	TimeoutRevisionNumber uint64 `protobuf:"varint,4,opt,name=timeout_revision_number,json=timeoutRevisionNumber,proto3" json:"timeout_revision_number,omitempty"`
	TimeoutRevisionHeight uint64 `protobuf:"varint,5,opt,name=timeout_revision_height,json=timeoutRevisionHeight,proto3" json:"timeout_revision_height,omitempty"`
	TimeoutTimestamp      uint64 `protobuf:"varint,6,opt,name=timeout_timestamp,json=timeoutTimestamp,proto3" json:"timeout_timestamp,omitempty"`
}

// MsgSendResponse tells which sequence the packet was given.
type MsgSendResponse struct {
	Sequence uint64 `protobuf:"varint,1,opt,name=sequence,proto3" json:"sequence,omitempty"`
}

// Reset, String and ProtoMessage make the structs protobuf messages.
func (m *MsgSend) Reset()         { *m = MsgSend{} }
func (m *MsgSend) String() string { return gogoproto.CompactTextString(m) }

// ProtoMessage marks the type as a protobuf message.
func (*MsgSend) ProtoMessage() {}

// Reset, String and ProtoMessage make the structs protobuf messages.
func (m *MsgSendResponse) Reset()         { *m = MsgSendResponse{} }
func (m *MsgSendResponse) String() string { return gogoproto.CompactTextString(m) }

// ProtoMessage marks the type as a protobuf message.
func (*MsgSendResponse) ProtoMessage() {}

// msgServer carries the messages out.
type msgServer struct {
	channels *channelkeeper.Keeper
}

// Send puts one packet on a channel of the mock port.
func (s msgServer) Send(goCtx context.Context, msg *MsgSend) (*MsgSendResponse, error) {
	sequence, err := s.channels.SendPacket(
		sdk.UnwrapSDKContext(goCtx), PortID, msg.Channel,
		clienttypes.NewHeight(msg.TimeoutRevisionNumber, msg.TimeoutRevisionHeight),
		msg.TimeoutTimestamp, msg.Data,
	)
	if err != nil {
		return nil, err
	}
	return &MsgSendResponse{Sequence: sequence}, nil
}

// sender is what the service description below demands of its server.
type sender interface {
	Send(context.Context, *MsgSend) (*MsgSendResponse, error)
}

// serviceDesc is what a protobuf compiler would have generated.
var serviceDesc = grpc.ServiceDesc{
	ServiceName: msgService,
	HandlerType: (*sender)(nil),
	Metadata:    protoFile,
	Methods: []grpc.MethodDesc{{
		MethodName: "Send",
		Handler: func(
			srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor,
		) (any, error) {
			request := new(MsgSend)
			if err := decode(request); err != nil {
				return nil, err
			}
			if intercept == nil {
				return srv.(sender).Send(ctx, request)
			}
			info := &grpc.UnaryServerInfo{Server: srv, FullMethod: "/" + msgService + "/Send"}
			return intercept(ctx, request, info, func(ctx context.Context, request any) (any, error) {
				return srv.(sender).Send(ctx, request.(*MsgSend))
			})
		},
	}},
}
