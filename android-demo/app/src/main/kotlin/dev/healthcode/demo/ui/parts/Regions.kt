package dev.healthcode.demo.ui.parts

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.material3.AssistChip
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.unit.dp
import dev.healthcode.BilingualText
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of

/**
 * A place by its division code. Who does not know it by heart types the name of the province and takes the code from
 * below the field; a city's own digits can follow. What is valid is the core's to say.
 */
@Composable
fun RegionField(
    label: String,
    value: String,
    texts: Texts,
    onChange: (String) -> Unit,
    problem: String? = null,
    enabled: Boolean = true,
) {
    Field(label, value, onChange, problem, texts[T.REGION_HINT], KeyboardType.Text, enabled)
    val found = if (enabled) divisionsLike(value) else emptyList()
    if (found.isEmpty()) return
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp)) {
        for ((code, name) in found) AssistChip({ onChange(code) }, { Text("${texts.of(name)} $code") })
    }
}

/** The divisions whose code or name begins like what was typed; none for a complete code. */
internal fun divisionsLike(typed: String): List<Pair<String, BilingualText>> {
    val word = typed.trim()
    if (word.isEmpty() || word.length == CODE) return emptyList()
    return divisions
        .filter { (code, name) ->
            code.startsWith(word) || name.zh.startsWith(word) || name.en.startsWith(word, ignoreCase = true)
        }.take(SHOWN)
}

private const val CODE = 6
private const val SHOWN = 4

/** GB/T 2260, the divisions of the first level, and the cities of the first rulebook's region. */
private val divisions =
    """
    110000 北京 Beijing
    120000 天津 Tianjin
    130000 河北 Hebei
    140000 山西 Shanxi
    150000 内蒙古 Inner-Mongolia
    210000 辽宁 Liaoning
    220000 吉林 Jilin
    230000 黑龙江 Heilongjiang
    310000 上海 Shanghai
    320000 江苏 Jiangsu
    330000 浙江 Zhejiang
    330100 杭州 Hangzhou
    330200 宁波 Ningbo
    330300 温州 Wenzhou
    331000 台州 Taizhou
    340000 安徽 Anhui
    350000 福建 Fujian
    360000 江西 Jiangxi
    370000 山东 Shandong
    410000 河南 Henan
    420000 湖北 Hubei
    420100 武汉 Wuhan
    430000 湖南 Hunan
    440000 广东 Guangdong
    440300 深圳 Shenzhen
    450000 广西 Guangxi
    460000 海南 Hainan
    500000 重庆 Chongqing
    510000 四川 Sichuan
    520000 贵州 Guizhou
    530000 云南 Yunnan
    540000 西藏 Tibet
    610000 陕西 Shaanxi
    620000 甘肃 Gansu
    630000 青海 Qinghai
    640000 宁夏 Ningxia
    650000 新疆 Xinjiang
    710000 台湾 Taiwan
    810000 香港 Hong-Kong
    820000 澳门 Macao
    """.trimIndent().lines().map { line ->
        val (code, zh, en) = line.split(' ')
        code to BilingualText(zh, en.replace('-', ' '))
    }
