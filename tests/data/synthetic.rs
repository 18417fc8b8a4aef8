use gradfade::data::{DataOptions, DataSpec, Dataset, load};

use crate::complaint;

fn made(spec: DataSpec, options: &DataOptions) -> Dataset {
    load(&spec, options).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
    for spec in [DataSpec::Spiral, DataSpec::Xor, DataSpec::Gaussians] {
        let options = DataOptions::default().with_seed(7);
        let (a, b) = (made(spec.clone(), &options), made(spec.clone(), &options));
        assert_eq!(a, b);
        assert_ne!(a, made(spec.clone(), &DataOptions::default().with_seed(8)));
        assert_eq!((a.train.len(), a.test.as_ref().unwrap().len(), a.features), (2000, 500, 2));
        assert!(a.train.labels.iter().all(|&l| (l as usize) < a.classes));
        // The first samples do not depend on how many follow; training and test samples are not the same
        // ones.
        let more = made(spec.clone(), &options.with_samples(4000));
        assert_eq!(a.train.inputs, more.train.inputs.slice(ndarray::s![..2000, ..]));
        let test = a.test.unwrap();
        assert_ne!(test.inputs, a.train.inputs.slice(ndarray::s![..500, ..]));
    }
}

#[test]
fn spiral_points_lie_on_their_arm_without_noise() {
    let data = made(DataSpec::Spiral, &DataOptions::default().with_noise(0.0).with_classes(5));
    assert_eq!(data.classes, 5);
    for (point, &class) in data.train.inputs.rows().into_iter().zip(&data.train.labels) {
        let (x, y) = (f64::from(point[0]), f64::from(point[1]));
        let r = x.hypot(y);
        assert!(r < 1.0);
        // Turned back by the arm's angle, every point is on the positive x axis.
        let back = -(std::f64::consts::TAU * f64::from(class) / 5.0 + 4.0 * r);
        let (u, v) = (x * back.cos() - y * back.sin(), x * back.sin() + y * back.cos());
        assert!((u - r).abs() < 1e-6 && v.abs() < 1e-6, "{u} {v} {r}");
    }
}

#[test]
fn xor_is_decided_by_the_signs_and_by_neither_coordinate_alone() {
    let data = made(DataSpec::Xor, &DataOptions::default().with_noise(0.1));
    let mut corners = [0; 4];
    for (point, &class) in data.train.inputs.rows().into_iter().zip(&data.train.labels) {
        assert_eq!(class == 1, (point[0] > 0.0) != (point[1] > 0.0));
        corners[usize::from(point[0] > 0.0) + 2 * usize::from(point[1] > 0.0)] += 1;
    }
    assert!(corners.iter().all(|&n| (400..600).contains(&n)), "{corners:?}"); // 500 expected, deviation 16
}

#[test]
fn gaussians_have_the_centres_and_deviation_they_promise() {
    let data = made(DataSpec::Gaussians, &DataOptions::default().with_samples(40_000).with_noise(0.3));
    assert_eq!(data.classes, 4);
    // 10,000 samples a class: standard errors 0.003 of a mean and 0.002 of a deviation.
    for (class, centre) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)].into_iter().enumerate() {
        for (axis, expected) in [centre.0, centre.1].into_iter().enumerate() {
            let rows = data.train.inputs.rows().into_iter().zip(&data.train.labels);
            let x: Vec<f64> =
                rows.filter(|(_, l)| **l as usize == class).map(|(p, _)| f64::from(p[axis])).collect();
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            let deviation = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / x.len() as f64).sqrt();
            assert!((mean - expected).abs() < 0.015 && (deviation - 0.3).abs() < 0.01, "{mean} {deviation}");
        }
    }
}

#[test]
fn too_few_samples_are_refused() {
    let text = complaint(&DataSpec::Spiral, &DataOptions::default().with_samples(11));
    assert!(text.contains("samples 11") && text.contains("12"), "{text}");
    let options = DataOptions::default().with_train_size(2001);
    assert!(complaint(&DataSpec::Xor, &options).contains("train_size 2001"));
}
