# cairn_llhttp_api: what http/ compiles and links against to parse HTTP/1.
#
# A system libllhttp from 9 on is used as it is. Else llhttp is compiled in from its C sources,
# which Debian ships in node-llhttp; its functions are then renamed to cairn__own_llhttp_…, so that a
# program that links libcairn.a and another llhttp has no clash. The renaming is done by the
# preprocessor, with a header made here from the names the sources define: it needs no further tool,
# it works for both libraries, and debuggers and sanitizers show the new names consistently
# (objcopy would have to run on each object, and would not know which undefined names are llhttp's).

add_library(cairn_llhttp_api INTERFACE)
find_package(PkgConfig REQUIRED)
pkg_check_modules(CAIRN_LIBLLHTTP QUIET IMPORTED_TARGET GLOBAL libllhttp>=9)

if(CAIRN_LIBLLHTTP_FOUND)
    message(STATUS "llhttp: the system's, ${CAIRN_LIBLLHTTP_VERSION}")
    target_link_libraries(cairn_llhttp_api INTERFACE PkgConfig::CAIRN_LIBLLHTTP)
    # From 9 on it is always strict; http/ asks to be told so.
    target_compile_definitions(cairn_llhttp_api INTERFACE LLHTTP_STRICT_MODE=1)
else()
    find_path(CAIRN_LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH
        DOC "Folder with llhttp.c, api.c and http.c")
    find_path(CAIRN_LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp NO_DEFAULT_PATH
        DOC "Folder with llhttp.h")
    if(NOT CAIRN_LLHTTP_SOURCE_DIR OR NOT CAIRN_LLHTTP_INCLUDE_DIR)
        message(FATAL_ERROR "cairn: llhttp not found (Debian: apt install node-llhttp; elsewhere: "
            "libllhttp >= 9 with pkg-config, or set CAIRN_LLHTTP_SOURCE_DIR and "
            "CAIRN_LLHTTP_INCLUDE_DIR)")
    endif()
    message(STATUS "llhttp: compiled in, from ${CAIRN_LLHTTP_SOURCE_DIR}")

    set(sources)
    foreach(name llhttp api http)
        list(APPEND sources ${CAIRN_LLHTTP_SOURCE_DIR}/${name}.c)
    endforeach()
    set(text)
    foreach(file IN LISTS sources ITEMS ${CAIRN_LLHTTP_INCLUDE_DIR}/llhttp.h)
        file(READ ${file} content)
        string(APPEND text "${content}")
    endforeach()
    string(REGEX MATCHALL "llhttp_[a-z0-9_]+[ \n]*\\(" names "${text}")
    list(TRANSFORM names REPLACE "[ \n]*\\($" "")
    list(REMOVE_DUPLICATES names)
    list(SORT names)
    set(header "/* Generated: keeps llhttp's functions apart from another copy in the program. */\n")
    foreach(name IN LISTS names)
        string(APPEND header "#define ${name} cairn__own_${name}\n")
    endforeach()
    set(rename ${PROJECT_BINARY_DIR}/generated/llhttp_names.h)
    file(CONFIGURE OUTPUT ${rename} CONTENT "${header}" @ONLY)

    target_include_directories(cairn_llhttp_api SYSTEM INTERFACE ${CAIRN_LLHTTP_INCLUDE_DIR})
    target_compile_options(cairn_llhttp_api INTERFACE "SHELL:-include ${rename}")
    target_compile_definitions(cairn_llhttp_api INTERFACE LLHTTP_STRICT_MODE=1)

    add_library(cairn_llhttp OBJECT ${sources})
    target_link_libraries(cairn_llhttp PRIVATE cairn_llhttp_api)
    target_compile_options(cairn_llhttp PRIVATE -O3 -w)
    set_target_properties(cairn_llhttp PROPERTIES
        POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden C_CLANG_TIDY "")
    set_property(GLOBAL APPEND PROPERTY CAIRN_FLOORS cairn_llhttp)
endif()
