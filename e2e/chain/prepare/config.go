package prepare

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"

	srvcfg "github.com/cosmos/cosmos-sdk/server/config"
)

const (
	host = "127.0.0.1"
	// database is the one backend that needs no C library and little memory.
	database = "goleveldb"
	// iavlCache is the number of tree nodes kept in memory per store. The
	// SDK's default is for chains with millions of accounts.
	iavlCache = 20_000
)

// writeCometConfig writes config.toml, the part about blocks and the network.
func writeCometConfig(p *plan) error {
	cfg := cmtcfg.DefaultConfig()
	cfg.SetRoot(p.Home)
	cfg.Moniker = p.ChainID
	cfg.DBBackend = database
	cfg.LogLevel = "info"

	cfg.RPC.ListenAddress = fmt.Sprintf("tcp://%s:%d", host, p.RPCPort)
	cfg.RPC.PprofListenAddress = ""
	cfg.Instrumentation.Prometheus = false

	// The node looks for no peers. Those that a test gives it are on this host, too.
	cfg.P2P.ListenAddress = fmt.Sprintf("tcp://%s:%d", host, p.P2PPort)
	cfg.P2P.PexReactor = false
	cfg.P2P.AddrBookStrict = false
	cfg.P2P.AllowDuplicateIP = true

	// What is left in the mempool after a block is checked again, as on public
	// chains: that is how a transaction with an outdated sequence disappears.
	cfg.Mempool.Recheck = true

	setBlockTime(cfg.Consensus, p.BlockTime)
	cfg.TxIndex.Indexer = p.Indexer

	cmtcfg.WriteConfigFile(filepath.Join(p.Home, "config", "config.toml"), cfg)
	return nil
}

// setBlockTime makes blocks come about every blockTime.
//
// A single validator agrees with itself at once, so the pause after a commit
// is all that sets the pace. The other timeouts only count when something went
// wrong; they follow the block time but stay long enough that a busy machine
// does not make a round fail.
func setBlockTime(cfg *cmtcfg.ConsensusConfig, blockTime time.Duration) {
	const patience = 500 * time.Millisecond
	cfg.TimeoutCommit = blockTime
	cfg.TimeoutPropose = max(blockTime, patience)
	cfg.TimeoutProposeDelta = max(blockTime/10, patience/10)
	cfg.TimeoutPrevote = max(blockTime/2, patience/2)
	cfg.TimeoutPrevoteDelta = cfg.TimeoutProposeDelta
	cfg.TimeoutPrecommit = cfg.TimeoutPrevote
	cfg.TimeoutPrecommitDelta = cfg.TimeoutProposeDelta
	cfg.CreateEmptyBlocks = true
}

// writeAppConfig writes app.toml, the part about the application.
func writeAppConfig(p *plan) error {
	cfg := srvcfg.DefaultConfig()
	cfg.MinGasPrices = p.MinGasPrices
	cfg.Pruning = p.pruning.strategy
	cfg.PruningKeepRecent = p.pruning.keepRecent
	cfg.PruningInterval = p.pruning.interval
	cfg.AppDBBackend = database
	cfg.IAVLCacheSize = iavlCache

	cfg.GRPC.Enable = true
	cfg.GRPC.Address = fmt.Sprintf("%s:%d", host, p.GRPCPort)
	cfg.GRPCWeb.Enable = false
	cfg.API.Enable = false
	cfg.Telemetry.Enabled = false
	cfg.StateSync.SnapshotInterval = 0

	srvcfg.WriteConfigFile(filepath.Join(p.Home, "config", "app.toml"), cfg)
	return nil
}

// writeClientConfig writes client.toml, so that commands run by hand against
// this home need neither a chain id nor a node address.
func writeClientConfig(p *plan) error {
	text := fmt.Sprintf(`chain-id = %q
keyring-backend = "test"
output = "text"
node = "tcp://%s:%d"
broadcast-mode = "sync"
`, p.ChainID, host, p.RPCPort)
	return os.WriteFile(filepath.Join(p.Home, "config", "client.toml"), []byte(text), 0o600)
}

// writeNodeKeys writes the keys the node signs blocks and greets peers with.
func writeNodeKeys(p *plan, keys *keySet) error {
	cfg := cmtcfg.DefaultConfig()
	cfg.SetRoot(p.Home)
	privval.NewFilePV(keys.consensus, cfg.PrivValidatorKeyFile(), cfg.PrivValidatorStateFile()).Save()
	return (&p2p.NodeKey{PrivKey: keys.node}).SaveAs(cfg.NodeKeyFile())
}
