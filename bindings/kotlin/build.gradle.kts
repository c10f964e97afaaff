// The build for Android, over the sources that pom.xml builds and tests on a JVM. It is not run by the project's own
// tests: Android's Gradle plugin is not on Maven Central. bindings/android.sh puts the libraries into src/main/jniLibs
// first, one folder an ABI.

import org.jetbrains.kotlin.gradle.dsl.JvmTarget

// Android's plugin brings Kotlin with it; this is which.
buildscript {
    dependencies {
        classpath(libs.kotlin.gradle.plugin)
    }
}

plugins {
    alias(libs.plugins.android.library)
}

group = "dev.healthcode"
version = "0.1.0"

android {
    namespace = "dev.healthcode"
    compileSdk = 37

    defaultConfig {
        // Cheap and old phones are the ones that were shut out.
        minSdk = 23
        consumerProguardFiles("consumer-rules.pro")
    }

    compileOptions {
        // java.time came with Android 8: an app over this package desugars too, whatever its own code uses.
        isCoreLibraryDesugaringEnabled = true
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }

    sourceSets {
        named("main") {
            // What every platform has, what uniffi wrote, and the ports of Android.
            kotlin.directories += listOf("src/main/kotlin", "generated", "src/android/kotlin")
            jniLibs.directories += "src/main/jniLibs"
        }
        // The tests are Maven's: they need the server's process.
        named("test") {
            kotlin.directories.clear()
        }
    }

    publishing {
        singleVariant("release") {
            withSourcesJar()
        }
    }
}

kotlin {
    compilerOptions {
        jvmTarget = JvmTarget.JVM_1_8
    }
}

dependencies {
    coreLibraryDesugaring(libs.desugar)
    api(libs.coroutines)
    // For background work: SyncWorker.
    api(libs.work)
    // The archive with JNA's own native libraries for Android.
    implementation(libs.jna) {
        artifact {
            type = "aar"
        }
    }
}
