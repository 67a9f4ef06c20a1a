package app

import (
	gogogrpc "github.com/cosmos/gogoproto/grpc"
	"google.golang.org/grpc"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/server"
	"github.com/cosmos/cosmos-sdk/server/api"
	"github.com/cosmos/cosmos-sdk/server/config"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
)

// RegisterAPIRoutes is part of the interface the server asks for. The REST API
// is never switched on here.
func (a *App) RegisterAPIRoutes(*api.Server, config.APIConfig) {}

// RegisterTxService serves simulation, broadcast and look-up of transactions.
func (a *App) RegisterTxService(ctx client.Context) {
	authtx.RegisterTxService(a.GRPCQueryRouter(), ctx, a.Simulate, a.registry)
}

// RegisterTendermintService serves node information and blocks over gRPC.
func (a *App) RegisterTendermintService(ctx client.Context) {
	node := server.NewCometABCIWrapper(a)
	cmtservice.RegisterTendermintService(ctx, a.GRPCQueryRouter(), a.registry, node.Query)
}

// RegisterNodeService serves the node's configuration, above all its minimum
// gas price.
func (a *App) RegisterNodeService(ctx client.Context, cfg config.Config) {
	nodeservice.RegisterNodeService(ctx, a.GRPCQueryRouter(), cfg)
}

// RegisterGRPCServerWithSkipCheckHeader is called with the server that is about
// to serve all of the above. The application remembers it for StopGRPC.
func (a *App) RegisterGRPCServerWithSkipCheckHeader(s gogogrpc.Server, skipCheckHeader bool) {
	a.grpcServer, _ = s.(*grpc.Server)
	a.BaseApp.RegisterGRPCServerWithSkipCheckHeader(s, skipCheckHeader)
}

// StopGRPC ends what gRPC clients still have under way.
func (a *App) StopGRPC() {
	if a.grpcServer != nil {
		a.grpcServer.Stop()
	}
}
