package mockport

import (
	"bytes"
	"compress/gzip"

	gogoproto "github.com/cosmos/gogoproto/proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	msgv1 "cosmossdk.io/api/cosmos/msg/v1"
)

// The two messages of this package are described in Go rather than in a .proto
// file, so that building the chain needs no protobuf compiler. In proto terms
// they read:
//
//	syntax = "proto3";
//	package tern.e2e.mock.v1;
//
//	service Msg {
//	  option (cosmos.msg.v1.service) = true;
//	  rpc Send(MsgSend) returns (MsgSendResponse);
//	}
//	message MsgSend {
//	  option (cosmos.msg.v1.signer) = "sender";
//	  string sender = 1;
//	  string channel = 2;
//	  bytes  data = 3;
//	  uint64 timeout_revision_number = 4;
//	  uint64 timeout_revision_height = 5;
//	  uint64 timeout_timestamp = 6; // nanoseconds
//	}
//	message MsgSendResponse {
//	  uint64 sequence = 1;
//	}
const (
	protoFile    = "tern/e2e/mock/v1/tx.proto"
	protoPackage = "tern.e2e.mock.v1"
	msgService   = protoPackage + ".Msg"
)

// zippedFile is the description as generated code would hold it.
var zippedFile = zipped(fileDescriptor())

func init() {
	gogoproto.RegisterType((*MsgSend)(nil), protoPackage+".MsgSend")
	gogoproto.RegisterType((*MsgSendResponse)(nil), protoPackage+".MsgSendResponse")
	gogoproto.RegisterFile(protoFile, zippedFile)
}

// Descriptor lets the SDK check a transaction for fields it does not know.
func (*MsgSend) Descriptor() ([]byte, []int) { return zippedFile, []int{0} }

// Descriptor says the same of the response.
func (*MsgSendResponse) Descriptor() ([]byte, []int) { return zippedFile, []int{1} }

func fileDescriptor() *descriptorpb.FileDescriptorProto {
	const (
		text   = descriptorpb.FieldDescriptorProto_TYPE_STRING
		binary = descriptorpb.FieldDescriptorProto_TYPE_BYTES
		number = descriptorpb.FieldDescriptorProto_TYPE_UINT64
	)

	send := message("MsgSend",
		field(1, "sender", text),
		field(2, "channel", text),
		field(3, "data", binary),
		field(4, "timeout_revision_number", number),
		field(5, "timeout_revision_height", number),
		field(6, "timeout_timestamp", number),
	)
	// The SDK finds out from this option whose signature a message needs.
	send.Options = &descriptorpb.MessageOptions{}
	proto.SetExtension(send.Options, msgv1.E_Signer, []string{"sender"})

	// And from this one that the service's requests are messages at all.
	serviceOptions := &descriptorpb.ServiceOptions{}
	proto.SetExtension(serviceOptions, msgv1.E_Service, true)

	return &descriptorpb.FileDescriptorProto{
		Name:       proto.String(protoFile),
		Package:    proto.String(protoPackage),
		Syntax:     proto.String("proto3"),
		Dependency: []string{"cosmos/msg/v1/msg.proto"},
		MessageType: []*descriptorpb.DescriptorProto{
			send,
			message("MsgSendResponse", field(1, "sequence", number)),
		},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name:    proto.String("Msg"),
			Options: serviceOptions,
			Method: []*descriptorpb.MethodDescriptorProto{{
				Name:       proto.String("Send"),
				InputType:  proto.String("." + protoPackage + ".MsgSend"),
				OutputType: proto.String("." + protoPackage + ".MsgSendResponse"),
			}},
		}},
	}
}

func message(name string, fields ...*descriptorpb.FieldDescriptorProto) *descriptorpb.DescriptorProto {
	return &descriptorpb.DescriptorProto{Name: proto.String(name), Field: fields}
}

func field(number int32, name string, kind descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
	return &descriptorpb.FieldDescriptorProto{
		Name:   proto.String(name),
		Number: proto.Int32(number),
		Label:  descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		Type:   kind.Enum(),
	}
}

// zipped gives a descriptor the form in which generated code registers it.
func zipped(file *descriptorpb.FileDescriptorProto) []byte {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(file)
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(raw); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}
