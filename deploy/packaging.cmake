# packaging.cmake - what is installed beside the programs, and the Debian package (`cpack -G DEB`).
include(GNUInstallDirs)

install(FILES deploy/man/sluice-gateway.1 deploy/man/sluice-publisher.1
        DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES deploy/README.md deploy/reference.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/deploy)
install(FILES publisher/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/publisher)
install(DIRECTORY gateway/dialects/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/gateway/dialects
        FILES_MATCHING PATTERN "*.md" PATTERN "*.yaml")
install(FILES deploy/haproxy.cfg deploy/nginx.conf DESTINATION share/sluice)
install(DIRECTORY deploy/prometheus deploy/grafana DESTINATION share/sluice)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sluice)
set(CPACK_PACKAGE_CONTACT "Sluice maintainers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "fans events from Redis out to very many WebSocket clients")
set(CPACK_PACKAGE_DESCRIPTION
    "sluice-publisher turns what chain nodes and exchange engines emit into Redis Pub/Sub channels; \
any number of stateless sluice-gateways forward them to WebSocket clients, in the dialects of \
existing servers.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# libwebsockets loads its libuv part by name, so that no dependency shows it.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libwebsockets-evlib-uv, adduser")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "redis-server (>= 5:7.0)")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles ${CMAKE_SOURCE_DIR}/deploy/debian/postinst
    ${CMAKE_SOURCE_DIR}/deploy/debian/prerm ${CMAKE_SOURCE_DIR}/deploy/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# Only where it is the system's own place: `cmake --install` into /usr/local leaves /etc alone.
if(CMAKE_INSTALL_PREFIX STREQUAL /usr)
  install(FILES deploy/systemd/sluice-gateway.service deploy/systemd/sluice-publisher.service
          DESTINATION /lib/systemd/system)
  install(FILES deploy/systemd/gateway.conf deploy/systemd/publisher.conf
          DESTINATION /etc/sluice PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
endif()
include(CPack)
