# Makes of the generated code what is documented (sed -E). Its comments are Rust's, with Rust's links: these become
# words of Kotlin. What only the layer uses is public in it: this is left out.
s/\[`(crate::([a-z_]+::)*)?([^`]*)`\]/`\3`/g
:again
s/^( *\* .*`[^`]*)::/\1./
t again
s/`(Healthcode|Vault|Port)Error\./`\1Exception./g
s/`Checkpoint.confirm_date`/`Checkpoint.confirmDate`/
s/^public (interface|object) (Native|FfiConverter|Uniffi)/internal \1 \2/
s/^((open|sealed|data) )?(class|interface) (Native|Uniffi|Disposable|RustBuffer|InternalException|CalendarDay|CallWithHandle|[A-Za-z]*Impl\b)/internal &/
s/^( *@Throws\(NativeException::class\)) fun `/\1 internal fun `/
