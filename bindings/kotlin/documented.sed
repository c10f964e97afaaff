# Makes of the generated code what is documented (sed -E). Errors are exceptions in Kotlin. What only the layer uses is
# public in it: this is left out.
s/`(Healthcode|Vault|Port)Error\./`\1Exception./g
s/^public (interface|object) (Native|FfiConverter|Uniffi)/internal \1 \2/
s/^((open|sealed|data) )?(class|interface) (Native|Uniffi|Disposable|RustBuffer|InternalException|CalendarDay|CallWithHandle|[A-Za-z]*Impl\b)/internal &/
s/^( *@Throws\(NativeException::class\)) fun `/\1 internal fun `/
