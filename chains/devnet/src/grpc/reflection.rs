//! Server reflection: what `grpcurl` and its like ask for first. Every service is
//! named; those of IBC are described, too.

use tonic::service::Routes;
use tonic_reflection::server::Builder;

use crate::query::SERVICES;

/// Adds both versions of the reflection service. A description that cannot be
/// read leaves them out.
pub(super) fn add(mut routes: Routes) -> Routes {
    if let Ok(service) = builder().build_v1() {
        routes = routes.add_service(service);
    }
    if let Ok(service) = builder().build_v1alpha() {
        routes = routes.add_service(service);
    }
    routes
}

fn builder() -> Builder<'static> {
    let known =
        Builder::configure().register_encoded_file_descriptor_set(ibc_proto::FILE_DESCRIPTOR_SET);
    SERVICES
        .iter()
        .fold(known, |builder, name| builder.with_service_name(*name))
}
