// The demo app. What was run of it, and what was not, is in ../README.md: this file has not been.

import org.jetbrains.kotlin.gradle.dsl.JvmTarget
import java.time.LocalDate
import java.time.ZoneOffset

plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.compose)
}

/** A property of gradle.properties or the command line; empty where there is none. */
fun setting(name: String): String = providers.gradleProperty(name).getOrElse("")

android {
    namespace = "dev.healthcode.demo"
    // What this version of Compose asks for.
    compileSdk = 37

    defaultConfig {
        applicationId = "dev.healthcode.demo"
        // Cheap and old phones are the ones that were shut out.
        minSdk = 23
        // What the store asks for. A later one changes which addresses an app may reach: try it on a phone first.
        targetSdk = 36
        versionCode = 1
        versionName = "0.1.0"

        resValue("string", "healthcode_server", setting("healthcode.server"))
        resValue("string", "healthcode_issuer", setting("healthcode.issuer"))
        resValue("string", "healthcode_root_key", setting("healthcode.rootKey"))
        // True time is not before it. A day is near enough, and builds of one day are the same.
        val built =
            LocalDate
                .now(ZoneOffset.UTC)
                .minusDays(1)
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant()
        resValue("string", "healthcode_built_at", "$built")
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"))
        }
    }

    buildFeatures {
        compose = true
        resValues = true
    }

    androidResources {
        // The languages in the phone's settings for this app.
        localeFilters += listOf("en", "zh-rCN")
    }

    compileOptions {
        // java.time came with Android 8.
        isCoreLibraryDesugaringEnabled = true
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    packaging {
        resources.excludes += listOf("META-INF/AL2.0", "META-INF/LGPL2.1")
    }
}

kotlin {
    compilerOptions {
        jvmTarget = JvmTarget.JVM_11
    }
}

dependencies {
    coreLibraryDesugaring(libs.desugar)
    implementation(libs.healthcode)
    implementation(libs.activity.compose)
    implementation(libs.compose.foundation)
    implementation(libs.compose.material3)
    implementation(libs.compose.ui)
    implementation(libs.core)
    implementation(libs.coroutines.android)
    implementation(libs.lifecycle.compose)
    implementation(libs.lifecycle.viewmodel)
    implementation(libs.work)
    implementation(libs.zxing)
}
