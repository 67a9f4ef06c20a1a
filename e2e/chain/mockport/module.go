package mockport

import (
	"github.com/spf13/cobra"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/types/msgservice"

	channelkeeper "github.com/cosmos/ibc-go/v10/modules/core/04-channel/keeper"
	ibcmock "github.com/cosmos/ibc-go/v10/testing/mock"
)

// AppModule is ibc-go's mock module plus the message that sends packets. It
// has no state of its own.
type AppModule struct {
	ibcmock.AppModule
	channels *channelkeeper.Keeper
}

// NewAppModule makes the module for the module manager.
func NewAppModule(channels *channelkeeper.Keeper) AppModule {
	return AppModule{channels: channels}
}

// RegisterInterfaces lets transactions contain MsgSend.
func (AppModule) RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil), &MsgSend{})
	msgservice.RegisterMsgServiceDesc(registry, &serviceDesc)
}

// RegisterServices routes MsgSend to its server.
func (am AppModule) RegisterServices(cfg module.Configurator) {
	cfg.MsgServer().RegisterService(&serviceDesc, msgServer{channels: am.channels})
}

// GetTxCmd gives the command line its "tx mock" commands.
func (AppModule) GetTxCmd() *cobra.Command {
	return newTxCommand()
}
