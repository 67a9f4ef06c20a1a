module tern.local/e2e/chain

go 1.26

replace github.com/syndtr/goleveldb => github.com/syndtr/goleveldb v1.0.1-0.20210819022825-2ae1ddf74ef7

require github.com/cosmos/ibc-go/v10 v10.7.0
