package main

import (
	"cosmossdk.io/core/store"
	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/bank"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingkeeper "github.com/cosmos/cosmos-sdk/x/staking/keeper"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
	"github.com/cosmos/cosmos-sdk/x/upgrade"
	upgradekeeper "github.com/cosmos/cosmos-sdk/x/upgrade/keeper"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/cosmos/ibc-go/v11/modules/apps/transfer"
	transferkeeper "github.com/cosmos/ibc-go/v11/modules/apps/transfer/keeper"
	transfertypes "github.com/cosmos/ibc-go/v11/modules/apps/transfer/types"
	ibc "github.com/cosmos/ibc-go/v11/modules/core"
	porttypes "github.com/cosmos/ibc-go/v11/modules/core/05-port/types"
	ibcexported "github.com/cosmos/ibc-go/v11/modules/core/exported"
	ibckeeper "github.com/cosmos/ibc-go/v11/modules/core/keeper"
	ibctm "github.com/cosmos/ibc-go/v11/modules/light-clients/07-tendermint"

	evmaddress "github.com/cosmos/evm/encoding/address"
	precompiles "github.com/cosmos/evm/precompiles/types"
	evmcfg "github.com/cosmos/evm/server/config"
	"github.com/cosmos/evm/x/erc20"
	erc20keeper "github.com/cosmos/evm/x/erc20/keeper"
	erc20types "github.com/cosmos/evm/x/erc20/types"
	"github.com/cosmos/evm/x/feemarket"
	feemarketkeeper "github.com/cosmos/evm/x/feemarket/keeper"
	feemarkettypes "github.com/cosmos/evm/x/feemarket/types"
	"github.com/cosmos/evm/x/vm"
	vmkeeper "github.com/cosmos/evm/x/vm/keeper"
	vmtypes "github.com/cosmos/evm/x/vm/types"
)

// The orders of modules.
var (
	preBlockers = []string{upgradetypes.ModuleName, authtypes.ModuleName, vmtypes.ModuleName}
	// The EVM reads the base fee that the fee market has set.
	beginBlockers = []string{
		ibcexported.ModuleName, transfertypes.ModuleName,
		erc20types.ModuleName, feemarkettypes.ModuleName, vmtypes.ModuleName, stakingtypes.ModuleName,
		authtypes.ModuleName, banktypes.ModuleName, genutiltypes.ModuleName, consensustypes.ModuleName,
		upgradetypes.ModuleName, ibctm.ModuleName,
	}
	// The fee market counts the gas of the whole block.
	endBlockers = []string{
		banktypes.ModuleName, stakingtypes.ModuleName, authtypes.ModuleName,
		vmtypes.ModuleName, erc20types.ModuleName, feemarkettypes.ModuleName,
		ibcexported.ModuleName, transfertypes.ModuleName, genutiltypes.ModuleName,
		consensustypes.ModuleName, upgradetypes.ModuleName, ibctm.ModuleName,
	}
	// The transactions of the genesis need all others.
	inGenesis = []string{
		authtypes.ModuleName, banktypes.ModuleName, stakingtypes.ModuleName, ibcexported.ModuleName,
		vmtypes.ModuleName, feemarkettypes.ModuleName, erc20types.ModuleName, transfertypes.ModuleName,
		genutiltypes.ModuleName, upgradetypes.ModuleName, consensustypes.ModuleName, ibctm.ModuleName,
	}
)

// What the accounts of modules may do with coins.
var permissions = map[string][]string{
	authtypes.FeeCollectorName:     nil,
	stakingtypes.BondedPoolName:    {authtypes.Burner, authtypes.Staking},
	stakingtypes.NotBondedPoolName: {authtypes.Burner, authtypes.Staking},
	transfertypes.ModuleName:       {authtypes.Minter, authtypes.Burner},
	vmtypes.ModuleName:             {authtypes.Minter, authtypes.Burner},
	feemarkettypes.ModuleName:      nil,
	erc20types.ModuleName:          {authtypes.Minter, authtypes.Burner},
}

type stores struct {
	kv      map[string]*storetypes.KVStoreKey
	objects map[string]*storetypes.ObjectStoreKey
}

func newStores() stores {
	return stores{
		kv: storetypes.NewKVStoreKeys(
			authtypes.StoreKey, banktypes.StoreKey, stakingtypes.StoreKey, consensustypes.StoreKey,
			upgradetypes.StoreKey, ibcexported.StoreKey, transfertypes.StoreKey,
			vmtypes.StoreKey, feemarkettypes.StoreKey, erc20types.StoreKey,
		),
		objects: storetypes.NewObjectStoreKeys(banktypes.ObjectStoreKey, vmtypes.ObjectKey),
	}
}

func (s stores) service(name string) store.KVStoreService {
	return runtime.NewKVStoreService(s.kv[name])
}

func (s stores) all() []storetypes.StoreKey {
	var keys []storetypes.StoreKey
	for _, key := range s.kv {
		keys = append(keys, key)
	}
	for _, key := range s.objects {
		keys = append(keys, key)
	}
	return keys
}

type keepers struct {
	consensus consensuskeeper.Keeper
	account   authkeeper.AccountKeeper
	bank      bankkeeper.Keeper
	staking   *stakingkeeper.Keeper
	upgrade   *upgradekeeper.Keeper
	ibc       *ibckeeper.Keeper
	transfer  *transferkeeper.Keeper
	tm        ibctm.LightClientModule
	feemarket feemarketkeeper.Keeper
	evm       *vmkeeper.Keeper
	erc20     *erc20keeper.Keeper
}

// newKeepers makes the keepers. The authority may do what governance, which is not there, does
// elsewhere; without one nobody may.
func newKeepers(app *baseapp.BaseApp, cdc codec.Codec, stores stores, authority string) keepers {
	if authority == "" {
		authority = authtypes.NewModuleAddress(govtypes.ModuleName).String()
	}
	authorityBytes := sdk.MustAccAddressFromBech32(authority)
	config := sdk.GetConfig()
	prefix := config.GetBech32AccountAddrPrefix()

	var k keepers
	k.consensus = consensuskeeper.NewKeeper(
		cdc, stores.service(consensustypes.StoreKey), authority, runtime.EventService{},
	)
	app.SetParamStore(k.consensus.ParamsStore)
	k.account = authkeeper.NewAccountKeeper(
		cdc, stores.service(authtypes.StoreKey), authtypes.ProtoBaseAccount, permissions,
		evmaddress.NewEvmCodec(prefix), prefix, authority,
	)
	k.bank = bankkeeper.NewBaseKeeper(
		cdc, stores.service(banktypes.StoreKey), k.account, nil, authority, log.NewNopLogger(),
	).WithObjStoreKey(stores.objects[banktypes.ObjectStoreKey])
	k.staking = stakingkeeper.NewKeeper(
		cdc, stores.service(stakingtypes.StoreKey), k.account, k.bank, authority,
		evmaddress.NewEvmCodec(config.GetBech32ValidatorAddrPrefix()),
		evmaddress.NewEvmCodec(config.GetBech32ConsensusAddrPrefix()),
	)
	k.upgrade = upgradekeeper.NewKeeper(nil, stores.service(upgradetypes.StoreKey), cdc, "", app, authority)
	k.ibc = ibckeeper.NewKeeper(cdc, stores.service(ibcexported.StoreKey), k.upgrade, authority)
	k.transfer = transferkeeper.NewKeeper(
		cdc, k.account.AddressCodec(), stores.service(transfertypes.StoreKey),
		k.ibc.ChannelKeeper, app.MsgServiceRouter(), k.account, k.bank, authority,
	)

	k.feemarket = feemarketkeeper.NewKeeper(cdc, authorityBytes, stores.kv[feemarkettypes.StoreKey])
	// The EVM and the tokens know each other.
	k.erc20 = new(erc20keeper.Keeper)
	k.evm = vmkeeper.NewKeeper(
		cdc, stores.kv[vmtypes.StoreKey], stores.objects[vmtypes.ObjectKey], stores.all(), authorityBytes,
		k.account, k.bank, k.staking, k.feemarket, &k.consensus, k.erc20, evmcfg.DefaultEVMChainID, "",
	).WithStaticPrecompiles(
		// Wallets of Ethereum send coins by IBC with a contract of the chain's own.
		precompiles.NewStaticPrecompiles().WithPraguePrecompiles().
			WithICS20Precompile(k.bank, *k.staking, k.transfer, k.ibc.ChannelKeeper, k.erc20),
	)
	*k.erc20 = erc20keeper.NewKeeper(
		stores.kv[erc20types.StoreKey], cdc, authorityBytes, k.account, k.bank, k.evm, k.staking, k.transfer,
	)

	// A coin that arrives is registered as a token, after the transfer has minted it.
	router := porttypes.NewRouter()
	router.AddRoute(transfertypes.ModuleName, erc20.NewIBCMiddleware(*k.erc20, transfer.NewIBCModule(k.transfer)))
	k.ibc.SetRouter(router)
	k.tm = ibctm.NewLightClientModule(cdc, k.ibc.ClientKeeper.GetStoreProvider())
	k.ibc.ClientKeeper.AddRoute(ibctm.ModuleName, &k.tm)
	return k
}

func (k keepers) evmModule() vm.AppModule {
	return vm.NewAppModule(k.evm, k.account, k.bank, k.account.AddressCodec())
}

func (k keepers) modules(cdc codec.Codec, evm vm.AppModule) []module.AppModule {
	return []module.AppModule{
		auth.NewAppModule(cdc, k.account, nil, nil),
		bank.NewAppModule(cdc, k.bank, k.account, nil),
		staking.NewAppModule(cdc, k.staking, k.account, k.bank, nil),
		upgrade.NewAppModule(k.upgrade, k.account.AddressCodec()),
		consensus.NewAppModule(cdc, k.consensus),
		ibc.NewAppModule(k.ibc),
		ibctm.NewAppModule(k.tm),
		transfer.NewAppModule(k.transfer),
		evm,
		feemarket.NewAppModule(k.feemarket),
		erc20.NewAppModule(*k.erc20, k.account),
	}
}
