//! What was done to a table before a network was trained on it.

use super::Lang;
use crate::field::Field;

/// Words of a list; of a longer one the last of them counts the rest.
const LISTED: usize = 8;

impl Lang {
    /// `a, b, c`; of more than eight the first six and how many more there are.
    fn table_list(self, all: &[String]) -> String {
        let comma = match self {
            Lang::En => ", ",
            Lang::Zh => "、",
        };
        if all.len() <= LISTED {
            return all.join(comma);
        }
        let (shown, rest) = all.split_at(LISTED - 2);
        match self {
            Lang::En => format!("{} and {} more", shown.join(comma), rest.len()),
            Lang::Zh => format!("{} 等 {} 个", shown.join(comma), all.len()),
        }
    }

    /// A file that is not UTF-8.
    pub fn table_encoding(self, encoding: &str) -> String {
        match self {
            Lang::En => format!("the text is not UTF-8 and is read as {encoding}"),
            Lang::Zh => format!("文本不是 UTF-8，按 {encoding} 读取"),
        }
    }

    /// Lines that begin with `#`.
    pub fn table_comments(self, lines: usize) -> String {
        match (self, lines) {
            (Lang::En, 1) => "1 line begins with # and is skipped as a comment".into(),
            (Lang::En, n) => format!("{n} lines begin with # and are skipped as comments"),
            (Lang::Zh, n) => format!("有 {n} 行的首字符是 #，作为注释跳过"),
        }
    }

    /// Columns whose numbers have a decimal comma.
    pub fn table_decimal_comma(self, columns: &[String]) -> String {
        let list = self.table_list(columns);
        match self {
            Lang::En => format!("decimal commas in {list}: 5,0 is read as 5.0"),
            Lang::Zh => format!("{list} 以 , 为小数点：5,0 读作 5.0"),
        }
    }

    /// Columns that are no inputs.
    pub fn table_ignored(self, columns: &[String]) -> String {
        let list = self.table_list(columns);
        match self {
            Lang::En => format!("ignored: {list}"),
            Lang::Zh => format!("不作输入的列：{list}"),
        }
    }

    /// A column that became one input for each of its categories.
    pub fn table_one_hot(self, column: &str, categories: &[String], asked: bool) -> String {
        let count = categories.len();
        let inputs: Vec<String> = categories.iter().map(|category| format!("{column}={category}")).collect();
        let list = self.table_list(&inputs);
        match (self, asked) {
            (Lang::En, false) => {
                let texts = if count == 1 { "1 text" } else { &format!("{count} texts") };
                format!("column {column} has {texts}: one-hot as {list}")
            }
            (Lang::En, true) => {
                let values = if count == 1 { "1 value" } else { &format!("{count} values") };
                format!("column {column} has {values}: one-hot as {list}")
            }
            (Lang::Zh, false) => format!("列 {column} 有 {count} 种文本，用独热编码：{list}"),
            (Lang::Zh, true) => format!("列 {column} 有 {count} 种取值，用独热编码：{list}"),
        }
    }

    /// Rows with a missing value.
    pub fn table_dropped(self, rows: usize, of: usize) -> String {
        match (self, rows) {
            (Lang::En, 1) => format!("1 of {of} rows has a missing value and is dropped"),
            (Lang::En, _) => format!("{rows} of {of} rows have a missing value and are dropped"),
            (Lang::Zh, _) => format!("{of} 行中有 {rows} 行缺值，已去掉"),
        }
    }

    /// Missing numbers that are means now.
    pub fn table_filled(self, values: usize, columns: &[String]) -> String {
        let list = self.table_list(columns);
        match (self, values) {
            (Lang::En, 1) => format!("1 missing value is the mean of the training rows, in {list}"),
            (Lang::En, _) => {
                format!(
                    "{values} missing values are the means of their columns over the training rows, in {list}"
                )
            }
            (Lang::Zh, _) => format!("{values} 个缺值用训练样本的列平均值代替：{list}"),
        }
    }

    /// Missing categories.
    pub fn table_no_category(self, values: usize, columns: &[String]) -> String {
        let list = self.table_list(columns);
        match (self, values) {
            (Lang::En, 1) => format!("1 missing text has 0 in all columns of {list}"),
            (Lang::En, _) => format!("{values} missing texts have 0 in all columns of {list}"),
            (Lang::Zh, _) => format!("{values} 个缺少的文本在各列都为 0：{list}"),
        }
    }

    /// Batches that were chosen because the table is small.
    pub fn table_batches(self, samples: usize, batch: usize, epochs: Option<u64>, steps: u64) -> String {
        let [size, of_epochs, of_steps] = [Field::BatchSize, Field::Epochs, Field::Steps];
        match (self, epochs) {
            (Lang::En, Some(epochs)) => format!(
                "a small table: batches of {batch} of {samples} samples and {epochs} epochs make {steps} updates \
                 ({size}, {of_epochs} or {of_steps} to choose)"
            ),
            (Lang::En, None) => {
                format!(
                    "a small table: batches of {batch} of {samples} samples make {steps} updates ({size} to choose)"
                )
            }
            (Lang::Zh, Some(epochs)) => format!(
                "表格较小：{samples} 个样本，每批 {batch} 个，{epochs} 轮，共更新 {steps} 次（可用 {size}、\
                 {of_epochs} 或 {of_steps} 指定）"
            ),
            (Lang::Zh, None) => {
                format!("表格较小：{samples} 个样本，每批 {batch} 个，共更新 {steps} 次（可用 {size} 指定）")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (1..=count).map(|i| format!("c{i}")).collect()
    }

    #[test]
    fn a_change_is_one_sentence_with_its_columns() {
        let colours = ["red".to_string(), "green".to_string()];
        assert_eq!(
            Lang::En.table_one_hot("colour", &colours, false),
            "column colour has 2 texts: one-hot as colour=red, colour=green"
        );
        assert_eq!(
            Lang::Zh.table_one_hot("colour", &colours, true),
            "列 colour 有 2 种取值，用独热编码：colour=red、colour=green"
        );
        assert_eq!(Lang::En.table_dropped(1, 5), "1 of 5 rows has a missing value and is dropped");
        assert_eq!(Lang::En.table_ignored(&names(10)), "ignored: c1, c2, c3, c4, c5, c6 and 4 more");
        assert_eq!(Lang::Zh.table_ignored(&names(10)), "不作输入的列：c1、c2、c3、c4、c5、c6 等 10 个");
        assert!(Lang::En.table_batches(120, 10, Some(17), 204).contains("17 epochs make 204 updates"));
        assert!(!Lang::En.table_batches(400, 10, None, 200).contains("epochs"));
    }
}
