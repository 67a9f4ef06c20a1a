//! Server reflection, for `grpcurl` and similar tools. Every service is listed; the
//! IBC services are described, too.

use tonic::service::Routes;
use tonic_reflection::server::Builder;

use crate::query::SERVICES;

/// Adds both versions of the reflection service; none if the descriptors cannot
/// be decoded.
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
