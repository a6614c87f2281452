# cairn_xxhash_api: the header xxhash.h. It is compiled in where it is used; nothing is linked.
find_path(CAIRN_XXHASH_INCLUDE_DIR xxhash.h DOC "Folder with xxhash.h, 0.8.0 or later")
if(NOT CAIRN_XXHASH_INCLUDE_DIR)
    message(FATAL_ERROR "cairn: xxhash.h not found (Debian: apt install libxxhash-dev; elsewhere: "
        "xxHash 0.8.0 or later, or set CAIRN_XXHASH_INCLUDE_DIR)")
endif()
add_library(cairn_xxhash_api INTERFACE)
target_include_directories(cairn_xxhash_api SYSTEM INTERFACE ${CAIRN_XXHASH_INCLUDE_DIR})
