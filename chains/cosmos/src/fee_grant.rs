//! Whether an account pays the fees of another (`x/feegrant` of the SDK).

use cosmrs::proto::cosmos::feegrant::v1beta1::{QueryAllowanceRequest, QueryAllowanceResponse};

use crate::errors::Result;
use crate::grpc::Grpc;

const ALLOWANCE: &str = "/cosmos.feegrant.v1beta1.Query/Allowance";
/// That there is none is an error, with a code that others have, too.
const NONE: &str = "fee-grant not found";

/// Whether `granter` has an allowance for `grantee`, whatever it is.
pub(crate) async fn is_granted(grpc: &Grpc, granter: &str, grantee: &str) -> Result<bool> {
    let doing = format!("query the fee allowance of {granter} for {grantee}");
    let request = QueryAllowanceRequest {
        granter: granter.to_owned(),
        grantee: grantee.to_owned(),
    };
    let answer = grpc.unary(&doing, ALLOWANCE, request).await;
    match answer {
        Ok(QueryAllowanceResponse { allowance }) => Ok(allowance.is_some()),
        Err(status) if status.message().contains(NONE) => Ok(false),
        Err(status) => Err(grpc.error(&doing, &status)),
    }
}
