//! How long stake is held back: what a client's trusting period is taken from.
//!
//! Validators of a consumer chain (ICS-28) have their stake on the provider. Such a chain need have
//! no staking module: the module of cross-chain validation says the period there.

use std::time::Duration;

use ibc_proto::cosmos::staking::v1beta1 as staking;
use ibc_proto::google::protobuf::Duration as ProtoDuration;
use ibc_proto::interchain_security::ccv::consumer::v1 as consumer;
use tonic::Code;

use crate::errors::Result;
use crate::grpc::{self, Grpc};

pub(crate) async fn unbonding_period(grpc: &Grpc) -> Result<Duration> {
    use staking::query_client::QueryClient;
    grpc.check_network().await?;
    let doing = "query staking parameters";
    let mut client = grpc::client!(grpc, QueryClient);
    let request = staking::QueryParamsRequest {};
    match grpc.ask(doing, client.params(request)).await {
        Ok(answer) => {
            let period = answer.params.and_then(|params| params.unbonding_time);
            read(grpc, doing, period)
        }
        Err(status) if status.code() == Code::Unimplemented => match of_consumer(grpc).await? {
            Some(period) => Ok(period),
            None => Err(grpc.error(doing, &status)),
        },
        Err(status) => Err(grpc.error(doing, &status)),
    }
}

/// The period of a consumer chain; `None` if this is no such chain.
async fn of_consumer(grpc: &Grpc) -> Result<Option<Duration>> {
    use consumer::query_client::QueryClient;
    let doing = "query the parameters of a consumer chain";
    let mut client = grpc::client!(grpc, QueryClient);
    let request = consumer::QueryParamsRequest {};
    match grpc.ask(doing, client.query_params(request)).await {
        Ok(answer) => {
            let period = answer.params.and_then(|params| params.unbonding_period);
            read(grpc, doing, period).map(Some)
        }
        Err(status) if status.code() == Code::Unimplemented => Ok(None),
        Err(status) => Err(grpc.error(doing, &status)),
    }
}

fn read(grpc: &Grpc, doing: &str, period: Option<ProtoDuration>) -> Result<Duration> {
    let period = period.and_then(|period| {
        let (seconds, nanos) = (
            period.seconds.try_into().ok()?,
            period.nanos.try_into().ok()?,
        );
        Some(Duration::new(seconds, nanos))
    });
    period.ok_or_else(|| grpc.origin.malformed(doing, "there is no unbonding time"))
}

#[cfg(test)]
mod tests;
